"""
Why the backbone is shared
==========================

R-CNN of 2014 finds objects with what there was: a classical method proposes some hundred regions, a
convolutional network looks at each of them, and suppression removes duplicates. Networks that came
after it compute their features once for the whole picture. Here are both, on scenes of digits on
photographs, with the seconds that a picture takes.

Girshick et al. 2014, "Rich feature hierarchies for accurate object detection and semantic
segmentation"; Ren et al. 2015, "Faster R-CNN".
"""

# %%
# Regions are the boxes around segments of similar colour, at two scales. No network is asked.

import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from skimage.measure import regionprops
from skimage.segmentation import felzenszwalb
from skimage.transform import resize

from further.data import load
from further.errors import InputError
from further.supervised import CNNClassifier
from further.vision.boxes import iou, suppress
from further.vision.faster_rcnn import FasterRCNN
from further.vision.yolo import YOLO

scenes = load("scenes")
parts = scenes.split(seed=0)
train, test = scenes.take(parts.train[:40]), scenes.take(parts.test[:8])


def propose(picture):
    """Return boxes (n, 4) around segments that are no smaller than 6 pixels and no background."""
    image = picture.transpose(1, 2, 0) / 255
    boxes = []
    for scale in (20, 100):
        segments = felzenszwalb(image, scale=scale, sigma=0.5, min_size=20)
        boxes += [region.bbox for region in regionprops(segments + 1)]
    corners = np.array(boxes, dtype=np.float32)[:, [1, 0, 3, 2]]
    sides = corners[:, 2:] - corners[:, :2]
    wanted = (sides.min(axis=1) >= 6) & (sides.max(axis=1) <= 64)
    return np.unique(corners[wanted], axis=0)


def crops_of(picture, boxes):
    """Return what each box shows, resampled to 32 x 32 pixels."""
    shown = [picture[:, top:bottom, left:right] for left, top, right, bottom in boxes.astype(int)]
    small = [resize(crop, (3, 32, 32), preserve_range=True) for crop in shown]
    return np.stack(small).astype(np.uint8)


# %%
# The network of R-CNN learns from the regions of the training pictures: what overlaps an object by
# half is of its class, what does not is background.

truth = train.target.as_boxes()
crops, labels = [], []
for row, picture in enumerate(train.values):
    objects = truth.of_row(row)
    own, codes = truth.corners[objects], truth.codes[objects]
    proposed = np.concatenate([propose(picture), own])
    overlap = iou(torch.from_numpy(proposed)[:, None], torch.from_numpy(own)[None]).numpy()
    best = overlap.argmax(axis=1)
    names = np.where(overlap.max(axis=1) >= 0.5, np.array(truth.names)[codes[best]], "background")
    crops.append(crops_of(picture, proposed))
    labels.append(names)
looks = CNNClassifier(
    channels=(16, 32, 64), budget="200 steps", precision="float32", random_state=0
).fit(np.concatenate(crops), np.concatenate(labels))
print(f"{sum(map(len, labels))} regions of {len(train)} pictures")


def r_cnn(picture):
    """Return boxes, classes and scores of one picture, after suppression."""
    boxes = propose(picture)
    p = looks.predict_proba(crops_of(picture, boxes))
    of_objects = [i for i, name in enumerate(looks.classes_) if name != "background"]
    scores = p[:, of_objects].max(axis=1)
    codes = p[:, of_objects].argmax(axis=1)
    order = np.argsort(-scores)
    ranked = [torch.from_numpy(a[order])[None] for a in (boxes, scores, codes)]
    kept = suppress(*ranked, overlap=0.3)[0].numpy() & (scores[order] > 0.5)
    return boxes[order][kept], np.array(looks.classes_)[of_objects][codes[order][kept]], len(boxes)


# %%
# One pass: the features of the whole picture are computed once. Faster R-CNN proposes regions from
# them and pools them within each; it needs torchvision, and is left out where that is not there.

settings = {
    "size": 128, "channels": (8, 16, 32, 32, 32), "budget": "60 steps", "precision": "float32",
    "random_state": 0,
}  # fmt: skip
one_pass = {}
for model in (YOLO(**settings), FasterRCNN(**settings)):
    try:
        one_pass[type(model).__name__] = model.fit(train)
    except InputError as error:
        print(error)

# %%
# Seconds a picture, each by itself, on one thread. R-CNN's network sees a pixel as often
# as it is in a region. Sharing saves that, and the proposals come from the features too.

torch.set_num_threads(1)
seconds = {}
started = time.perf_counter()
found = [r_cnn(picture) for picture in test.values]
seconds["R-CNN (2014)"] = (time.perf_counter() - started) / len(test)
for name, model in one_pass.items():
    started = time.perf_counter()
    for row in range(len(test)):
        model.predict(test.take([row]))
    seconds[name] = (time.perf_counter() - started) / len(test)
print(f"R-CNN looks at {np.mean([n for _, _, n in found]):.0f} regions a picture")
for name, value in seconds.items():
    print(f"{name:14} {1000 * value:7.0f} ms a picture")

fig, ax = plt.subplots(figsize=(6, 1.8), layout="constrained")
ax.barh(list(seconds), [1000 * value for value in seconds.values()], color="#0072b2")
ax.invert_yaxis()
ax.set_xlabel("milliseconds a picture")

# %%
# What R-CNN proposes and what it keeps, on one scene. None of these networks has trained for long;
# the point is what a picture costs.

picture = test.values[0]
fig, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for ax, boxes, names in ((axes[0], propose(picture), None), (axes[1], *found[0][:2])):
    ax.imshow(picture.transpose(1, 2, 0))
    ax.set_axis_off()
    for i, (left, top, right, bottom) in enumerate(boxes):
        ax.add_patch(
            plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="#e69f00")
        )
        if names is not None:
            ax.text(left, top - 2, names[i], color="#e69f00")
axes[0].set_title("proposed by segments")
axes[1].set_title("kept by R-CNN")
