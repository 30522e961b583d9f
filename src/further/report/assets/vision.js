/* Pages of models that find something in pictures: parts of pictures behind a number, and curves.
 *
 * A view in the store of rows is [picture, [x, y, width, height], marks]; a mark is [kind, path, word,
 * [x, y]]. The picture stands once in the page, as the image picture-N of a hidden drawing.
 */
(function (root) {
  "use strict";
  var Plot = root.Plot, charts = root.further.charts, kit = charts.kit;
  var SVG = "http://www.w3.org/2000/svg";

  function draw(name, attributes, text) {
    var element = document.createElementNS(SVG, name);
    Object.keys(attributes).forEach(function (key) { element.setAttribute(key, attributes[key]); });
    if (text) element.textContent = text;
    return element;
  }

  /* A part of a picture with what is there and what was predicted; null without the picture. */
  function scene(view, told) {
    var picture = document.getElementById("picture-" + view[0]), box = view[1];
    if (!picture) return null;
    var isWhole = box[2] >= +picture.getAttribute("width") && box[3] >= +picture.getAttribute("height");
    var size = Math.max(box[2], box[3]) / (isWhole ? 36 : 14);
    var whole = kit.node("div", "scene" + (isWhole ? " whole" : ""));
    var shown = draw("svg", { "class": "shown", viewBox: box.join(" "), role: "img", "aria-label": told });
    shown.append(draw("use", { href: "#picture-" + view[0] }));
    var marks = draw("svg", { "class": "marks", viewBox: box.join(" "), "font-size": size, "aria-hidden": "true" });
    view[2].forEach(function (mark) {
      if (mark[1]) marks.append(draw("path", { d: mark[1], "class": "mark " + mark[0] }));
    });
    view[2].forEach(function (mark) {
      if (!mark[2]) return;
      var y = Math.max(mark[3][1] - size / 4, box[1] + size);
      var anchor = mark[3][0] > box[0] + box[2] - 4 * size ? "end" : "start";
      marks.append(draw("text", { x: mark[3][0], y: y, "text-anchor": anchor, "class": "word " + mark[0] }, mark[2]));
    });
    whole.append(shown, marks);
    return whole;
  }

  /* -- precision_recall: a line a class; a point opens the predictions that come in there -- */
  function precisionRecall(element, spec, width) {
    var data = kit.rows(spec.data), lines = kit.rows(spec.lines), names = spec.series;
    var colours = names.map(function (_, i) { return kit.palette[i % kit.palette.length]; });
    var side = Math.min(width, 460);
    if (names.length > 1) {
      var key = kit.node("div", "inline-key");
      names.forEach(function (name, i) {
        var swatch = kit.node("span", "", name);
        swatch.style.setProperty("--swatch", colours[i]);
        key.append(swatch);
      });
      element.append(key);
    }
    var svg = kit.plot({
      width: side, height: side * 0.86 + 18, marginTop: 26, marginLeft: 44, marginRight: 12, marginBottom: 38,
      x: { label: "recall", domain: [0, 1], ticks: 5, tickFormat: kit.compact, labelAnchor: "center", labelArrow: false },
      y: { label: "precision", domain: [0, 1], ticks: 5, tickFormat: kit.compact, grid: true, labelArrow: false },
      color: { domain: names, range: colours },
      marks: [
        Plot.line(lines, { x: "x", y: "y", z: "series", stroke: "series", strokeWidth: 1.6, curve: "step-before" }),
        Plot.dot(kit.rows(spec.best), { x: "x", y: "y", stroke: "series", fill: kit.paper, r: 5, strokeWidth: 2 }),
        Plot.dot(data, { x: "x", y: "y", r: 3.5, fill: "series", fillOpacity: 0.6, title: "tip", className: "opening" })
      ]
    });
    root.further.rows.link(svg, data, function (row) { return row.tip; });
    element.append(svg);
  }

  /* -- more_pictures: a figure by number of training pictures, and what to expect of more -- */
  function morePictures(element, spec, width) {
    var data = kit.rows(spec.data), side = Math.min(width, 520);
    function of(kind) { return data.filter(function (row) { return row.kind === kind; }); }
    var last = of("measured").slice(-1).concat(of("expected"));
    element.append(kit.plot({
      width: side, height: 260, marginTop: 26, marginLeft: 48, marginRight: 20, marginBottom: 38,
      x: { label: "training pictures", zero: true, ticks: 5, tickFormat: kit.compact, labelAnchor: "center", labelArrow: false },
      y: { label: spec.y, ticks: 5, tickFormat: kit.compact, grid: true, nice: true, labelArrow: false },
      marks: [
        Plot.line(of("measured"), { x: "x", y: "y", stroke: kit.accent, strokeWidth: 1.6 }),
        Plot.line(last, { x: "x", y: "y", stroke: kit.accent, strokeWidth: 1.6, strokeDasharray: "4,4" }),
        Plot.link(data.filter(function (row) { return row.low !== null && row.high !== null; }), {
          x1: "x", x2: "x", y1: "low", y2: "high", stroke: kit.accent, strokeWidth: 5, strokeOpacity: 0.35,
          strokeLinecap: "round"
        }),
        Plot.dot(of("measured"), { x: "x", y: "y", r: 4, fill: kit.accent }),
        Plot.dot(of("expected"), { x: "x", y: "y", r: 5, fill: kit.paper, stroke: kit.accent, strokeWidth: 2 }),
        Plot.text(of("expected"), { x: "x", y: "y", text: "kind", dy: -12, dx: -10, fill: kit.ink, textAnchor: "end" })
      ]
    }));
  }

  root.further.rows.draw = scene;
  charts.register({ precision_recall: precisionRecall, more_pictures: morePictures });
})(globalThis);
