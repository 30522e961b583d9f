/* The chart grammar of further: a JSON specification {mark, data, x, y, ...} in, an SVG out.
 *
 * further.charts.draw(element, spec, width) draws. Every [data-chart] of a page is drawn by the
 * specification in the JSON script element after it, and again when its width changes.
 * The marks of one task stand in a file of their own, which hands them to further.charts.register.
 * data is held by column ({x: [...], y: [...]}); null is a gap. Colours are CSS variables, so that
 * light and dark are the style sheet's business and a switch needs no redrawing.
 */
(function (root) {
  "use strict";
  var Plot = root.Plot;
  var INK = "var(--ink)", MUTED = "var(--muted)", LINE = "var(--line)", PAPER = "var(--paper)";
  var ACCENT = "var(--accent)", WARM = "var(--warm)";
  var PALETTE = [1, 2, 3, 4, 5, 6, 7, 8].map(function (i) { return "var(--series-" + i + ")"; });
  var SYMBOLS = ["circle", "triangle", "square", "diamond", "star", "wye"];
  var NAMED = { "while training": MUTED, "training rows": INK, "validation rows": ACCENT, value: ACCENT };

  function rows(columns) {
    var names = Object.keys(columns || {});
    if (!names.length) return [];
    return columns[names[0]].map(function (_, i) {
      var row = {};
      names.forEach(function (name) { row[name] = columns[name][i]; });
      return row;
    });
  }

  function node(name, className, text) {
    var element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined && text !== null) element.textContent = text;
    return element;
  }

  function plot(options) {
    return Plot.plot(Object.assign({
      style: { fontFamily: "inherit", fontSize: "11px", background: "transparent", overflow: "visible" }
    }, options));
  }

  function short(text, most) {
    text = String(text);
    return text.length > most ? text.slice(0, most - 1) + "…" : text;
  }

  /* 12000 as 12k; small figures as they are. */
  function compact(value) {
    var size = Math.abs(value);
    if (size >= 1e6) return +(value / 1e6).toPrecision(3) + "M";
    if (size >= 1e4) return +(value / 1e3).toPrecision(3) + "k";
    return String(+(+value).toPrecision(4)).replace("-", "−");
  }

  function colour(names) {
    return names.map(function (name, i) { return NAMED[name] || PALETTE[i % PALETTE.length]; });
  }

  /* -- scale: a row a model, a column a goal, an interval on a line from noise to real -- */

  var ROW = 40;

  function scale(element, spec, width) {
    var labels = 168, least = 122, columns = spec.columns, wide = width >= labels + least * columns.length;
    element.classList.toggle("wide", wide);
    if (wide) {
      element.style.gridTemplateColumns = labels + "px repeat(" + columns.length + ", minmax(0, 1fr))";
      element.append(node("div"));
      columns.forEach(function (column) { element.append(scaleHead(column)); });
      element.append(scaleLabels(spec.rows));
      var each = Math.floor((width - labels) / columns.length);
      columns.forEach(function (column) {
        var cell = node("div", "cells");
        cell.append(scaleColumn(spec.rows, column, each, false));
        element.append(cell);
      });
      return;
    }
    var many = Math.max(1, Math.floor(width / 330));
    element.style.gridTemplateColumns = "repeat(" + many + ", minmax(0, 1fr))";
    columns.forEach(function (column) {
      var panel = node("div", "panel");
      panel.append(scaleHead(column), scaleColumn(spec.rows, column, Math.floor(width / many) - 16, true));
      element.append(panel);
    });
  }

  function scaleHead(column) {
    var head = node("div", "head"), ends = node("div", "ends");
    [column.left, column.right].forEach(function (end) {
      var side = node("span", "", end[0] + " ");
      side.append(node("span", "", end[1]));
      ends.append(side);
    });
    head.append(node("b", "", column.title), node("span", "", column.subtitle), ends);
    head.title = column.note;
    return head;
  }

  function scaleLabels(models) {
    var list = node("div", "cells labels");
    models.forEach(function (model) {
      var label = node("div", model.control ? "control" : ""), name = node("span", "", model.label);
      if (model.flagged) name.append(node("span", "flag", " ⚑"));
      label.append(name);
      list.append(label);
    });
    return list;
  }

  /* One goal. With labels (on a phone) only models that have a figure get a row. */
  function scaleColumn(models, column, width, labelled) {
    var cells = column.cells.map(function (cell, row) { return Object.assign({ row: row }, cell); });
    var known = cells.filter(function (cell) { return cell.state !== "none"; });
    var missing = cells.filter(function (cell) { return cell.state === "none"; });
    if (labelled) { cells = known; missing = []; }
    var spread = known.filter(function (cell) { return cell.low !== null && cell.high !== null; });
    var domain = column.domain, down = 6, left = labelled ? 138 : 14, right = 14;
    var inner = width - left - right, unit = inner / (domain[1] - domain[0]);
    function leads(cell) { return cell.state === "best" || cell.state === "tied"; }
    function stroke(cell) { return models[cell.row].control && !leads(cell) ? MUTED : ACCENT; }
    function room(cell) { return 3.4 * cell.text.length / unit; }
    /* The figure stands over its dot, but never beyond the cell. */
    function over(cell) {
      return Math.max(domain[0] + room(cell) - (labelled ? 0 : 8) / unit, Math.min(domain[1] - room(cell) + 8 / unit, cell.t));
    }
    /* An end that is only the worst or the best of the models is neither noise nor real. */
    function stop(x) {
      return Plot.tickX(known, { x: x, y: "row", dy: down, insetTop: 17, insetBottom: 17, stroke: LINE });
    }
    function rail(from, to) {
      return Plot.link(known, {
        x1: from, x2: to, y: "row", dy: down, stroke: LINE, strokeWidth: 1.25,
        strokeDasharray: column.anchored ? null : "2,3"
      });
    }
    var cut = column.cut, gap = 4 / unit;
    var rails = cut === null ? [rail(0, 1)] : [rail(0, cut - gap), rail(cut + gap, 1)].concat(
      [-gap, gap].map(function (shift) {
        return Plot.vector(known, {
          x: cut + shift * 0.6, y: "row", dy: down, length: 9, rotate: 20, shape: { draw: function (path, l) {
            path.moveTo(0, 0); path.lineTo(0, -l);
          } }, anchor: "middle", stroke: MUTED, strokeWidth: 1
        });
      })
    );
    return plot({
      width: width, height: ROW * cells.length, marginTop: 0, marginBottom: 0,
      marginLeft: left, marginRight: right,
      x: { domain: domain, axis: null },
      y: { type: "band", domain: cells.map(function (cell) { return cell.row; }), padding: 0, axis: null },
      marks: [
        labelled ? Plot.text(cells, {
          y: "row", frameAnchor: "left", dx: -left, textAnchor: "start", fontSize: 12.5, lineWidth: 10,
          text: function (cell) { return short(cell.label, 34) + (models[cell.row].flagged ? " ⚑" : ""); },
          fill: function (cell) { return models[cell.row].control ? MUTED : INK; }
        }) : null,
        rails,
        column.left[0] === "noise"
          ? Plot.dot(known, { x: 0, y: "row", dy: down, symbol: "times", r: 2.5, stroke: MUTED })
          : stop(0),
        column.right[0] === "real"
          ? Plot.dot(known, { x: 1, y: "row", dy: down, r: 2, fill: MUTED, stroke: null })
          : stop(1),
        column.control === null ? null : Plot.tickX(known, {
          x: column.control, y: "row", dy: down, insetTop: 12, insetBottom: 12, stroke: WARM, strokeWidth: 2
        }),
        Plot.link(spread, {
          x1: "low", x2: "high", y: "row", dy: down, stroke: stroke, strokeWidth: 5, strokeOpacity: 0.45,
          strokeLinecap: "round"
        }),
        Plot.dot(known.filter(function (cell) { return !cell.beyond; }), {
          x: "t", y: "row", dy: down, r: 4.5, stroke: stroke, strokeWidth: 1.75, title: "tip",
          fill: function (cell) { return leads(cell) ? ACCENT : PAPER; }
        }),
        Plot.text(known.filter(function (cell) { return cell.beyond; }), {
          x: "t", y: "row", dy: down, text: function (cell) { return cell.beyond > 0 ? "→" : "←"; },
          fontSize: 13, fill: stroke, title: "tip"
        }),
        Plot.text(known, {
          x: over, y: "row", dy: -9, text: "text", fontSize: 11,
          fill: function (cell) { return leads(cell) ? INK : MUTED; },
          fontWeight: function (cell) { return leads(cell) ? 650 : 400; }
        }),
        Plot.text(missing, {
          frameAnchor: "middle", y: "row", dy: down, text: "text", fontSize: 11, fontStyle: "italic", fill: MUTED
        })
      ]
    });
  }

  /* -- curve: series over steps, the step whose weights were kept marked -- */

  function curve(element, spec, width) {
    var data = rows(spec.data), names = spec.series;
    var named = names.every(function (name) { return NAMED[name]; });
    var best = typeof spec.best === "number" ? [spec.best] : [];
    var inset = named ? 10 : 6;
    if (!named) {
      var key = node("div", "inline-key");
      colour(names).forEach(function (shade, i) {
        var swatch = node("span", "", names[i]);
        swatch.style.setProperty("--swatch", shade);
        key.append(swatch);
      });
      element.append(key);
    }
    element.append(plot({
      width: width, height: 150, marginTop: 12, marginLeft: 48, marginRight: inset, marginBottom: 28,
      x: { label: null, ticks: Math.max(2, Math.floor(width / 90)), tickFormat: compact },
      y: { label: null, domain: spec.y.domain || undefined, ticks: 4, tickFormat: compact, grid: true },
      color: { domain: names, range: colour(names) },
      marks: [
        Plot.ruleX(best, { stroke: WARM, strokeWidth: 1.5, strokeDasharray: "3,3" }),
        Plot.line(data, {
          x: "x", y: "y", z: "series", stroke: "series", strokeWidth: 1.6, clip: true,
          strokeOpacity: function (row) { return row.series === "while training" ? 0.45 : 1; }
        })
      ]
    }));
  }

  /* -- map: points in the plane, coloured and shaped by label, each label named at its centre -- */

  function map(element, spec, width) {
    var names = spec.labels, side = Math.min(width, 420), points = rows(spec.data);
    var svg = plot({
      width: side, height: side * 0.86, margin: 6,
      x: { axis: null, inset: 8 }, y: { axis: null, inset: 8 },
      color: { domain: names, range: names.map(function (_, i) { return PALETTE[i % PALETTE.length]; }) },
      symbol: {
        domain: names,
        range: names.map(function (_, i) { return SYMBOLS[Math.floor(i / PALETTE.length) % SYMBOLS.length]; })
      },
      marks: [
        Plot.dot(points, {
          x: "x", y: "y", fill: "label", symbol: "label", r: 2.4, fillOpacity: 0.75, title: "label",
          className: "opening"
        }),
        Plot.text(rows(spec.centres), {
          x: "x", y: "y", text: function (row) { return short(row.label, 14); }, fontSize: 13,
          fontWeight: 700, fill: INK, stroke: PAPER, strokeWidth: 5, pointerEvents: "none"
        })
      ]
    });
    opening(svg, points, function (row) { return spec.opens + (row.label ? ": " + row.label : ""); });
    element.append(svg);
  }

  /* Lets the marks of class "opening" open their rows, where the page holds any. */
  function opening(svg, data, title) {
    if (root.further.rows) root.further.rows.link(svg, data, title);
  }

  /* -- histogram and shares: how one column is distributed, real below generated -- */

  function histogram(element, spec, width) {
    var bins = rows(spec.data), outline = [];
    bins.forEach(function (bin) {
      var size = bin.x2 - bin.x1 || 1;
      bin.density = bin.real / size;
      outline.push({ x: bin.x1, y: bin.generated / size }, { x: bin.x2, y: bin.generated / size });
    });
    var most = Math.max.apply(null, bins.map(function (bin) { return Math.max(bin.density, bin.generated / (bin.x2 - bin.x1 || 1)); }));
    var svg = plot({
      width: width, height: 110, marginTop: 6, marginLeft: 6, marginRight: 8, marginBottom: 22,
      x: { label: null, ticks: 3, tickFormat: compact }, y: { axis: null },
      marks: [
        Plot.rectY(bins, { x1: "x1", x2: "x2", y: "density", fill: LINE }),
        Plot.line(outline, { x: "x", y: "y", stroke: ACCENT, strokeWidth: 1.75 }),
        Plot.ruleY([0], { stroke: MUTED }),
        /* The whole height of a bin can be clicked, however low its bar is. */
        Plot.rectY(bins, { x1: "x1", x2: "x2", y1: 0, y2: most, fill: INK, className: "opening" })
      ]
    });
    opening(svg, bins, function (bin) { return spec.opens + ": " + compact(bin.x1) + " to " + compact(bin.x2); });
    element.append(svg);
  }

  function shares(element, spec, width) {
    var data = rows(spec.data), most = Math.max.apply(null, data.map(function (row) { return Math.max(row.real, row.generated); }));
    var svg = plot({
      width: width, height: 26 + 18 * data.length, marginTop: 2, marginLeft: 92, marginRight: 10,
      marginBottom: 22,
      x: { label: null, ticks: 3, percent: true, zero: true, tickFormat: function (share) { return share + " %"; } },
      y: {
        label: null, domain: data.map(function (row) { return row.category; }), tickSize: 0,
        tickFormat: function (name) { return short(name, 15); }
      },
      marks: [
        Plot.barX(data, { x: "real", y: "category", fill: LINE, insetTop: 1, insetBottom: 1 }),
        Plot.tickX(data, { x: "generated", y: "category", stroke: ACCENT, strokeWidth: 2.5 }),
        Plot.ruleX([0], { stroke: MUTED }),
        Plot.barX(data, { x1: 0, x2: most, y: "category", fill: INK, className: "opening" })
      ]
    });
    opening(svg, data, function (row) { return spec.opens + ": " + row.category; });
    element.append(svg);
  }

  /* -- bars: one figure by label, written at its end -- */

  function bars(element, spec, width) {
    var data = rows(spec.data), labels = Math.min(170, width * 0.42);
    element.append(plot({
      width: width, height: 10 + 26 * data.length, marginTop: 4, marginBottom: 6,
      marginLeft: labels, marginRight: 56,
      x: { axis: null, zero: true },
      y: {
        label: null, domain: data.map(function (row) { return row.label; }), tickSize: 0, padding: 0.35,
        tickFormat: function (name) { return short(name, Math.floor(labels / 6.6)); }
      },
      marks: [
        Plot.barX(data, { x: "value", y: "label", fill: ACCENT, fillOpacity: 0.75 }),
        Plot.text(data, { x: "value", y: "label", text: "text", dx: 6, textAnchor: "start", fill: INK }),
        Plot.ruleX([0], { stroke: MUTED })
      ]
    }));
  }

  /* -- repeats: a dot a training seed, with the mean and its interval -- */

  function repeats(element, spec, width) {
    var means = rows(spec.means), labels = Math.min(150, width * 0.42);
    element.append(plot({
      width: width, height: 34 + 26 * means.length, marginTop: 4, marginBottom: 30,
      marginLeft: labels, marginRight: 14,
      x: { label: null, type: spec.x.type, ticks: 3, grid: true, tickFormat: compact, nice: true },
      y: {
        label: null, type: "band", domain: means.map(function (row) { return row.model; }), tickSize: 0,
        tickFormat: function (name) { return short(name, Math.floor(labels / 6.6)); }
      },
      marks: [
        Plot.link(means.filter(function (row) { return row.low !== null && row.high !== null; }), {
          x1: "low", x2: "high", y: "model", stroke: ACCENT, strokeWidth: 5, strokeOpacity: 0.35,
          strokeLinecap: "round"
        }),
        Plot.tickX(means, { x: "mean", y: "model", stroke: ACCENT, strokeWidth: 2, insetTop: 6, insetBottom: 6 }),
        Plot.dot(rows(spec.data), { x: "value", y: "model", r: 2.5, stroke: INK, fill: PAPER })
      ]
    }));
  }

  var MARKS = {
    scale: scale, curve: curve, map: map, histogram: histogram, shares: shares, bars: bars, repeats: repeats
  };

  /* Draws one specification into an element, in place of what stood there. */
  function draw(element, spec, width) {
    var mark = MARKS[spec.mark];
    if (!mark) throw new Error("charts.js knows no mark named " + spec.mark + ".");
    element.replaceChildren();
    element.classList.add("plot-" + spec.mark);
    mark(element, spec, width);
    element.querySelectorAll("svg").forEach(function (svg) { svg.setAttribute("aria-hidden", "true"); });
  }

  /* Draws every chart of a page; what is folded away is drawn when it opens. */
  function all(scope) {
    var widths = new Map();
    function again(element, width) {
      if (width < 40 || widths.get(element) === width) return;
      widths.set(element, width);
      draw(element, JSON.parse(element.nextElementSibling.textContent), width);
    }
    var observer = new ResizeObserver(function (entries) {
      entries.forEach(function (entry) { again(entry.target, Math.floor(entry.contentRect.width)); });
    });
    scope.querySelectorAll("[data-chart]").forEach(function (element) { again(element, element.clientWidth); observer.observe(element); });
    /* On paper there is no resizing in time: the wide plot is drawn for the width of a page. */
    root.addEventListener("beforeprint", function () {
      scope.querySelectorAll(".plot-scale").forEach(function (element) { again(element, 684); });
    });
    root.addEventListener("afterprint", function () {
      scope.querySelectorAll(".plot-scale").forEach(function (element) { again(element, element.clientWidth); });
    });
  }

  /* Adds marks: functions of (element, spec, width), as those above. */
  function register(marks) {
    Object.assign(MARKS, marks);
  }

  root.further = root.further || {};
  root.further.charts = {
    draw: draw, register: register,
    kit: {
      plot: plot, rows: rows, node: node, short: short, compact: compact, palette: PALETTE,
      ink: INK, muted: MUTED, line: LINE, paper: PAPER, accent: ACCENT, warm: WARM
    }
  };
  /* Files that follow this one may still add marks: a page is drawn when it is whole. */
  root.document.addEventListener("DOMContentLoaded", function () { all(root.document); });
})(globalThis);
