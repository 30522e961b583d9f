/* The marks of pages on models that predict: intervals, lines, reliability, residuals. */
(function (root) {
  "use strict";
  var Plot = root.Plot, charts = root.further.charts, kit = charts.kit;

  /* -- intervals: a dot with its interval by label -- */
  function intervals(element, spec, width) {
    var data = kit.rows(spec.data), labels = Math.min(190, width * 0.42);
    element.append(kit.plot({
      width: width, height: 34 + 24 * data.length, marginTop: 4, marginBottom: 30,
      marginLeft: labels, marginRight: 16,
      x: { label: null, ticks: 4, grid: true, tickFormat: kit.compact, nice: true },
      y: {
        label: null, type: "band", domain: data.map(function (row) { return row.label; }), tickSize: 0,
        tickFormat: function (name) { return kit.short(name, Math.floor(labels / 6.6)); }
      },
      marks: [
        Plot.ruleX([spec.origin || 0], { stroke: kit.muted }),
        Plot.link(data.filter(function (row) { return row.low !== null && row.high !== null; }), {
          x1: "low", x2: "high", y: "label", stroke: kit.accent, strokeWidth: 5, strokeOpacity: 0.35,
          strokeLinecap: "round"
        }),
        Plot.dot(data, { x: "value", y: "label", r: 3.5, fill: kit.accent })
      ]
    }));
  }

  /* -- line: what a column adds, value by value -- */
  function line(element, spec, width) {
    var data = kit.rows(spec.data);
    element.append(kit.plot({
      width: width, height: 130, marginTop: 8, marginLeft: 44, marginRight: 8, marginBottom: 26,
      x: { label: null, ticks: 4, tickFormat: kit.compact },
      y: { label: null, ticks: 4, tickFormat: kit.compact, grid: true },
      marks: [
        Plot.ruleY([0], { stroke: kit.line }),
        Plot.line(data, { x: "x", y: "y", z: "series", stroke: kit.accent, strokeWidth: 1.75 })
      ]
    }));
  }

  /* -- reliability: how often rows of a confidence were right -- */
  function reliability(element, spec, width) {
    var data = kit.rows(spec.data), side = Math.min(width, 340);
    var svg = kit.plot({
      width: side, height: side * 0.86 + 18, marginTop: 26, marginLeft: 44, marginRight: 12, marginBottom: 38,
      x: { label: spec.x || "confidence", domain: spec.domain, tickFormat: kit.compact, labelAnchor: "center", labelArrow: false },
      y: { label: spec.y || "share right", domain: spec.domain, tickFormat: kit.compact, grid: true, labelArrow: false },
      marks: [
        Plot.link([0], { x1: spec.domain[0], x2: spec.domain[1], y1: spec.domain[0], y2: spec.domain[1], stroke: kit.muted, strokeDasharray: "3,3" }),
        Plot.link(data, { x1: "x", x2: "x", y1: "low", y2: "high", stroke: kit.accent, strokeWidth: 4, strokeOpacity: 0.35, strokeLinecap: "round" }),
        Plot.dot(data, { x: "x", y: "y", r: 4, fill: kit.accent, title: "tip", className: "opening" })
      ]
    });
    root.further.rows.link(svg, data, function (row) { return row.tip; });
    element.append(svg);
  }

  /* -- residuals: predicted against true, each point its row -- */
  function residuals(element, spec, width) {
    var data = kit.rows(spec.data), side = Math.min(width, 460);
    var svg = kit.plot({
      width: side, height: side * 0.8 + 18, marginTop: 26, marginLeft: 54, marginRight: 12, marginBottom: 38,
      x: { label: "predicted", ticks: 5, tickFormat: kit.compact, labelAnchor: "center", labelArrow: false },
      y: { label: spec.y, ticks: 5, tickFormat: kit.compact, grid: true, labelArrow: false },
      marks: [
        Plot.ruleY([0], { stroke: kit.muted, strokeDasharray: "3,3" }),
        Plot.dot(data, { x: "x", y: "y", r: 3, fill: kit.accent, fillOpacity: 0.55, title: "tip", className: "opening" })
      ]
    });
    root.further.rows.link(svg, data, function (row) { return row.tip; });
    element.append(svg);
  }

  charts.register({ intervals: intervals, line: line, reliability: reliability, residuals: residuals });
})(globalThis);
