/* What a threshold does to whom: the reader chooses by what should be equal.
 *
 * Each .chooser holds counts of its groups at some thresholds, and what each rule picks for each
 * wanted value; nothing is computed here but rates and people of 1,000.
 */
(function (root) {
  "use strict";
  var document = root.document, Plot = root.Plot, kit = root.further.charts.kit, node = kit.node;
  var CELLS = [
    ["fp", "wrongly selected"], ["fn", "overlooked"], ["tp", "rightly selected"], ["tn", "rightly not"]
  ];

  function percent(value) { return value === null ? "–" : (100 * value).toFixed(1); }
  function rate(above, below) { return below > 0 ? above / below : null; }

  /* The counts of group g at the threshold in that place. */
  function counts(data, g, place) {
    var tp = data.tp[g][place], fp = data.fp[g][place];
    return { tp: tp, fp: fp, fn: data.positives[g] - tp, tn: data.negatives[g] - fp };
  }

  function chooser(section) {
    var data = JSON.parse(section.querySelector("script").textContent);
    var select = section.querySelector(".rule"), slider = section.querySelector(".wanted");
    var what = section.querySelector(".what"), value = section.querySelector(".value");
    var colours = data.groups.map(function (_, g) { return kit.palette[g % kit.palette.length]; });

    function start() {
      var rule = data.rules[select.value];
      slider.max = String((rule ? rule.wanted.length : data.thresholds.length) - 1);
      what.textContent = !rule ? "threshold" : select.value === "cost" ? "a miss costs, in false alarms," : "rate";
      slider.value = String(rule ? nearest(rule.wanted, select.value === "cost" ? 1 : overall(select.value)) : current());
      show();
    }
    function nearest(values, wanted) {
      var best = 0;
      values.forEach(function (v, i) { if (Math.abs(v - wanted) < Math.abs(values[best] - wanted)) best = i; });
      return best;
    }
    /* The place of the present threshold: the first that is not below it. */
    function current() {
      if (data.threshold === null) return Math.floor(data.thresholds.length / 2);
      var place = data.thresholds.findIndex(function (t) { return t >= data.threshold; });
      return place < 0 ? data.thresholds.length - 1 : place;
    }
    /* The rate of all rows at the present threshold, where a rule starts. */
    function overall(rule) {
      var all = { tp: 0, fp: 0, fn: 0, tn: 0 };
      data.groups.forEach(function (_, g) {
        var c = counts(data, g, current());
        Object.keys(all).forEach(function (key) { all[key] += c[key]; });
      });
      if (rule === "equal_fpr") return rate(all.fp, all.fp + all.tn) || 0;
      if (rule === "equal_fnr") return rate(all.fn, all.fn + all.tp) || 0;
      return rate(all.tp + all.fp, all.tp + all.fp + all.fn + all.tn) || 0;
    }
    function picks() {
      var rule = data.rules[select.value], place = Number(slider.value);
      return rule ? rule.picks[place] : data.groups.map(function () { return place; });
    }
    function threshold(place) {
      return place === data.thresholds.length - 1 ? "nobody" : kit.compact(data.thresholds[place]);
    }
    function show() {
      var rule = data.rules[select.value], place = Number(slider.value), picked = picks();
      value.textContent = !rule ? threshold(place) : select.value === "cost" ? kit.compact(rule.wanted[place]) : percent(rule.wanted[place]) + " %";
      slider.setAttribute("aria-valuetext", value.textContent);
      table(picked);
      draw(picked);
    }
    function table(picked) {
      var box = section.querySelector(".chooser-table"), made = node("table"), head = node("tr");
      ["", "threshold", "of 1,000 people"].concat(
        CELLS.map(function (cell) { return cell[1]; }), ["FPR %", "FNR %", "precision %"]
      ).forEach(function (name, i) {
        var cell = node("th", "", i > 2 && i < 7 ? null : name);
        if (i > 2 && i < 7) cell.append(node("span", "swatch " + CELLS[i - 3][0]), name);
        cell.scope = "col";
        head.append(cell);
      });
      var body = node("tbody"), top = node("thead");
      top.append(head);
      data.groups.forEach(function (name, g) {
        var c = counts(data, g, picked[g]), n = c.tp + c.fp + c.fn + c.tn, row = node("tr");
        var label = node("th", "", null);
        label.scope = "row";
        var swatch = node("span", "swatch group");
        swatch.style.background = data.small[g] ? "transparent" : colours[g];
        label.append(swatch, name + (data.small[g] ? " *" : ""));
        row.append(label, node("td", "", threshold(picked[g])));
        var people = node("div", "people"), bar = node("td");
        CELLS.forEach(function (cell) {
          var part = node("span", cell[0]);
          part.style.width = 100 * (c[cell[0]] / n) + "%";
          people.append(part);
        });
        bar.append(people);
        row.append(bar);
        CELLS.forEach(function (cell) { row.append(node("td", "", Math.round(1000 * c[cell[0]] / n))); });
        [rate(c.fp, c.fp + c.tn), rate(c.fn, c.fn + c.tp), rate(c.tp, c.tp + c.fp)].forEach(function (r) {
          row.append(node("td", "", percent(r)));
        });
        body.append(row);
      });
      made.append(top, body);
      box.replaceChildren(made);
    }
    function draw(picked) {
      var plot = section.querySelector(".chooser-plot"), lines = [], points = [];
      data.groups.forEach(function (name, g) {
        if (data.small[g]) return;
        data.thresholds.forEach(function (t, place) {
          var c = counts(data, g, place);
          var row = { x: rate(c.fp, c.fp + c.tn), y: rate(c.fn, c.fn + c.tp), g: g, name: name };
          lines.push(row);
          if (place === picked[g]) points.push(row);
        });
      });
      var width = Math.min(plot.clientWidth || 640, 560);
      plot.replaceChildren(kit.plot({
        width: width, height: Math.min(360, width * 0.72), marginLeft: 48, marginBottom: 38, marginTop: 24,
        x: { label: "false positive rate (%)", domain: [0, 100], labelAnchor: "center", labelArrow: false },
        y: { label: "false negative rate (%)", domain: [0, 100], grid: true, labelArrow: false },
        marks: [
          Plot.line(lines, {
            x: function (d) { return 100 * d.x; }, y: function (d) { return 100 * d.y; }, z: "g",
            stroke: function (d) { return colours[d.g]; }, strokeWidth: 1.75
          }),
          Plot.dot(points, {
            x: function (d) { return 100 * d.x; }, y: function (d) { return 100 * d.y; }, r: 6,
            fill: function (d) { return colours[d.g]; }, stroke: kit.paper, strokeWidth: 1.5,
            title: function (d) { return d.name + ": FPR " + percent(d.x) + " %, FNR " + percent(d.y) + " %"; }
          })
        ]
      }));
    }
    select.addEventListener("change", start);
    slider.addEventListener("input", show);
    root.addEventListener("resize", function () { draw(picks()); });
    start();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".chooser").forEach(chooser);
  });
})(globalThis);
