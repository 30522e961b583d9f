"""Every layout in which a history comes: a file each, in the order of :data:`LAYOUTS`.

A layout is recognised by its content, not by the name of its file. To add one is to add its file
and its line below.
"""

from __future__ import annotations

import struct
from typing import Any

from further.errors import InputError
from further.trust.doctor.formats import (
    console,
    deepobs,
    json_rows,
    keras,
    lightning,
    long_table,
    loss_curve,
    mlflow,
    neptune,
    objects,
    plain_table,
    run_folder,
    skorch,
    tensorboard,
    trainer_state,
    ultralytics,
    wandb,
)
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged

#: The first that recognises a source reads it; what is special comes before what is general.
LAYOUTS: tuple[Layout, ...] = (
    *run_folder.LAYOUTS, *mlflow.LAYOUTS, *tensorboard.LAYOUTS, *neptune.LAYOUTS,
    *trainer_state.LAYOUTS, *skorch.LAYOUTS, *deepobs.LAYOUTS, *loss_curve.LAYOUTS, *keras.LAYOUTS,
    *ultralytics.LAYOUTS, *wandb.LAYOUTS, *lightning.LAYOUTS, *long_table.LAYOUTS,
    *json_rows.LAYOUTS, *plain_table.LAYOUTS, *console.LAYOUTS,
)  # fmt: skip
#: What a damaged file makes of code that reads it.
_DAMAGE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError,
    MemoryError, struct.error,
)  # fmt: skip


def read(history: Any) -> Logged:
    """Read a history from a file, a folder or an object.

    Parameters
    ----------
    history : path or object
        See :func:`further.doctor`.

    Returns
    -------
    Logged
        Its rows.

    Raises
    ------
    InputError
        If it has no layout that is known or is damaged.

    Examples
    --------
    >>> read({"loss": [3.0, 2.0], "val_loss": [3.0, 2.5]}).rows[1]
    {'loss': 2.0, 'val_loss': 2.5}
    """
    if isinstance(history, str) and not history:
        # As a path it would be whatever folder one happens to stand in.
        raise InputError("The name of the history is empty; name a run, a file or a folder.")
    if objects.is_path(history):
        source = Source(history).inside()
        for layout in LAYOUTS:
            try:
                if layout.recognises(source):
                    return layout.read(source)
            except InputError:
                raise
            except OSError as error:
                raise InputError(f'"{source.path}" cannot be read: {error.strerror}.') from error
            except _DAMAGE as error:
                raise InputError(
                    f'"{source.path}" looks like {layout.name}, but it is damaged '
                    f"({type(error).__name__}); export it again."
                ) from error
        raise InputError(source.not_recognised())
    return objects.read(history)
