/* The marks of the page of a clustering, for further.charts. */
(function (root) {
  "use strict";
  var Plot = root.Plot, d3 = root.d3, kit = root.further.charts.kit;
  var plot = kit.plot, rows = kit.rows, compact = kit.compact;
  var SHAPES = [
    d3.symbolCircle, d3.symbolTriangle, d3.symbolSquare, d3.symbolDiamond, d3.symbolStar, d3.symbolCross,
    { draw: function (path, size) {
      /* A triangle that stands on its tip. */
      var high = -Math.sqrt(size / (Math.sqrt(3) * 3));
      path.moveTo(0, -high * 2);
      path.lineTo(-Math.sqrt(3) * high, high);
      path.lineTo(Math.sqrt(3) * high, high);
      path.closePath();
    } }
  ];

  /* A cluster has the same colour and shape wherever it is drawn; noise is a grey cross. */
  function shape(cluster) { return SHAPES[cluster % SHAPES.length]; }
  function colour(cluster) {
    return cluster === null || cluster < 0 ? kit.muted : kit.palette[cluster % kit.palette.length];
  }
  function path(cluster, size) {
    return d3.symbol(shape(cluster), size)();
  }
  root.further.clusterSign = { colour: colour, path: path, shape: shape };

  function name(cluster) {
    return cluster === null ? "no cluster" : cluster < 0 ? "noise" : "cluster " + cluster;
  }

  /* Each cluster's dots in its own shape; Plot's scales would run out of shapes. */
  function dots(data, clusters, options) {
    return clusters.map(function (cluster) {
      var own = data.filter(function (row) { return row.cluster === cluster; });
      var noise = cluster < 0;
      return Plot.dot(own, Object.assign({
        x: "x", y: "y", r: noise ? 2.2 : 2.8, symbol: noise ? "times" : shape(cluster), fillOpacity: 0.72,
        fill: noise ? "none" : colour(cluster), stroke: noise ? kit.muted : null, strokeWidth: 1.1
      }, options));
    });
  }

  /* Numbers of clusters whose centres meet are pushed apart until each can be read. */
  function apart(points, unitX, unitY) {
    var least = 17;
    for (var round = 0; round < 60; round++) {
      var moved = false;
      for (var i = 0; i < points.length; i++) {
        for (var j = 0; j < i; j++) {
          var a = points[j], b = points[i], dx = (b.x - a.x) * unitX, dy = (b.y - a.y) * unitY;
          var distance = Math.hypot(dx, dy);
          if (distance >= least) continue;
          if (distance < 1e-6) { dx = 1; dy = 0; distance = 1; }
          var push = (least - Math.min(distance, least - 0.5)) / 2 + 0.5;
          a.x -= dx / distance * push / unitX; b.x += dx / distance * push / unitX;
          a.y -= dy / distance * push / unitY; b.y += dy / distance * push / unitY;
          moved = true;
        }
      }
      if (!moved) break;
    }
    return points;
  }

  function centres(spec, unitX, unitY) {
    return Plot.text(apart(rows(spec.centres), unitX, unitY), {
      x: "x", y: "y", text: "cluster", fontSize: 15, fontWeight: 700, fill: kit.ink, stroke: kit.paper,
      strokeWidth: 5
    });
  }

  function tip(data, told) {
    return Plot.tip(data, Plot.pointer({ x: "x", y: "y", title: told, fill: kit.paper, stroke: kit.line }));
  }

  function closed(outline) {
    var around = [];
    for (var step = 0; step <= 48; step++) {
      var turn = step / 48 * 2 * Math.PI, a = outline.long * Math.cos(turn), b = outline.wide * Math.sin(turn);
      around.push({
        x: outline.x + a * Math.cos(outline.angle) - b * Math.sin(outline.angle),
        y: outline.y + a * Math.sin(outline.angle) + b * Math.cos(outline.angle), cluster: outline.cluster
      });
    }
    return around;
  }

  /* The same unit in both directions, in a picture that is neither a line nor a tower. */
  function frame(points, width, margin) {
    var x = d3.extent(points, function (p) { return p.x; }), y = d3.extent(points, function (p) { return p.y; });
    var spanX = x[1] - x[0] || 1, spanY = y[1] - y[0] || spanX * 0.3, inner = width - 2 * margin;
    var height = Math.min(0.72 * width, Math.max(0.4 * width, inner * spanY / spanX + 2 * margin));
    var unit = Math.min(inner / spanX, (height - 2 * margin) / spanY);
    function around(middle, pixels) { return [middle - pixels / unit / 2, middle + pixels / unit / 2]; }
    return {
      height: Math.round(height), unit: unit, x: around((x[0] + x[1]) / 2, inner),
      y: around((y[0] + y[1]) / 2, height - 2 * margin)
    };
  }

  /* -- clusters: rows in a plane; with size, the share of initialisations under which a row changes cluster -- */

  function clusters(element, spec, width) {
    var data = rows(spec.data), wide = Math.min(width, 720), outlines = rows(spec.outlines).map(closed);
    var all = data.concat(outlines.flat());
    var space = frame(all, wide, 26), axes = spec.axes || [];
    var listed = data.some(function (row) { return row.cluster === null; })
      ? spec.clusters.concat([null]) : spec.clusters;
    var sized = data.length && data[0].size !== undefined, most = d3.max(data, function (row) { return row.size; });
    var options = {};
    if (sized) {
      options = {
        r: function (row) { return row.size ? 2.5 + 6 * Math.sqrt(row.size / most) : 1.8; },
        fillOpacity: function (row) { return row.size ? 0.35 + 0.6 * row.size / most : 0.4; },
        stroke: function (row) { return row.size ? kit.ink : "none"; }, strokeWidth: 0.7,
        sort: "size"
      };
    }
    element.append(plot({
      width: wide, height: space.height, margin: 26,
      x: { axis: null, domain: space.x }, y: { axis: null, domain: space.y }, r: { type: "identity" },
      opacity: { type: "identity" },
      marks: [
        Plot.frame({ stroke: kit.line, inset: -20 }),
        outlines.map(function (around) {
          return Plot.line(around, {
            x: "x", y: "y", stroke: colour(around[0].cluster), fill: colour(around[0].cluster), fillOpacity: 0.16,
            strokeWidth: 1.5
          });
        }),
        dots(data, listed, options),
        centres(spec, space.unit, space.unit),
        axes[0] ? Plot.text([kit.short(axes[0], Math.floor(wide / 6.5)) + " →"], {
          frameAnchor: "bottom-right", dx: 14, dy: 15, fill: kit.muted
        }) : null,
        axes[1] ? Plot.text(["↑ " + kit.short(axes[1], Math.floor(wide / 6.5))], {
          frameAnchor: "top-left", dx: -14, dy: -15, fill: kit.muted
        }) : null,
        tip(data, function (row) {
          return "row " + row.row + "\n" + name(row.cluster) + (sized
            ? "\nelsewhere in " + Math.round(100 * row.size) + " % of initialisations" : "");
        })
      ]
    }));
  }

  /* -- degrees: places on a grid of longitude and latitude -- */

  function degrees(element, spec, width) {
    var data = rows(spec.data), all = data.length ? data : rows(spec.centres);
    var x = d3.extent(all, function (p) { return p.x; }), y = d3.extent(all, function (p) { return p.y; });
    var ratio = Math.max(0.05, spec.ratio), left = 44, bottom = 26, top = 8, right = 12;
    /* A margin of a twentieth, and never a map of a single point. */
    var padX = (x[1] - x[0]) / 20 || 0.5, padY = (y[1] - y[0]) / 20 || 0.5;
    x = [x[0] - padX, x[1] + padX];
    y = [Math.max(-90, y[0] - padY), Math.min(90, y[1] + padY)];
    var wide = Math.min(width, 960), inner = wide - left - right;
    var high = inner * (y[1] - y[0]) / ((x[1] - x[0]) * ratio);
    /* A tall map is made narrower, not flatter: shapes stay true. */
    if (high > 0.75 * wide) { inner *= 0.75 * wide / high; high = 0.75 * wide; wide = inner + left + right; }
    function written(sides) {
      return function (value) {
        var turned = sides[0] === "E" ? ((value + 180) % 360 + 360) % 360 - 180 : value;
        var size = +Math.abs(turned).toFixed(4);
        return size + "°" + (size === 0 || size === 180 ? "" : turned > 0 ? sides[0] : sides[1]);
      };
    }
    element.append(plot({
      width: wide, height: high + top + bottom, marginLeft: left, marginRight: right, marginTop: top,
      marginBottom: bottom,
      x: { domain: x, label: null, grid: true, ticks: Math.max(2, Math.floor(inner / 90)), tickFormat: written("EW"), tickSize: 0 },
      y: { domain: y, label: null, grid: true, ticks: Math.max(2, Math.floor(high / 60)), tickFormat: written("NS"), tickSize: 0 },
      marks: [
        Plot.frame({ stroke: kit.line }),
        dots(data, spec.clusters, {}),
        centres(spec, inner / (x[1] - x[0]), high / (y[1] - y[0])),
        tip(data, function (row) { return "row " + row.row + "\n" + name(row.cluster); })
      ]
    }));
  }

  /* -- silhouettes: a bar a row, sorted within its cluster; a cluster is as high as it has rows,
   * but never too low for its name -- */

  function silhouettes(element, spec, width) {
    var total = d3.sum(spec.clusters, function (item) { return item.n; }), gap = total * 0.02, y = 0, bars = [], names = [];
    spec.clusters.forEach(function (item) {
      var tall = Math.max(item.n, total * 0.3 / spec.clusters.length), each = tall / item.values.length;
      item.values.forEach(function (value, i) {
        bars.push({ y1: y + i * each, y2: y + (i + 1) * each, value: value, cluster: item.cluster });
      });
      names.push({ y: y + tall / 2, cluster: item.cluster, n: item.n });
      y += tall + gap;
    });
    var wide = Math.min(width, 860), height = Math.max(180, Math.min(520, 26 + 54 * spec.clusters.length)) + 30;
    var tight = spec.clusters.length > 24;
    element.append(plot({
      width: wide, height: height, marginLeft: 78, marginRight: 12, marginTop: 6, marginBottom: 28,
      x: { domain: [Math.min(0, d3.min(bars, function (bar) { return bar.value; })), 1], label: null, ticks: 5, grid: true },
      y: { domain: [0, y - gap], reverse: true, axis: null },
      marks: [
        Plot.rect(bars, {
          x1: 0, x2: "value", y1: "y1", y2: "y2", fill: function (bar) { return colour(bar.cluster); }, fillOpacity: 0.85,
          shapeRendering: "crispEdges"
        }),
        Plot.ruleX([0], { stroke: kit.muted }),
        spec.mean === null ? null : Plot.ruleX([spec.mean], { stroke: kit.ink, strokeDasharray: "4,3" }),
        spec.mean === null ? null : Plot.text([spec.mean], {
          x: function (mean) { return mean; }, frameAnchor: "bottom", dy: -3, dx: 4, textAnchor: "start",
          text: function () { return "mean"; }, fill: kit.ink, stroke: kit.paper, strokeWidth: 4
        }),
        Plot.text(names, {
          y: "y", frameAnchor: "left", dx: -78, textAnchor: "start", fill: kit.ink, fontSize: tight ? 8 : 11,
          text: function (item) {
            var called = name(item.cluster);
            return called.charAt(0).toUpperCase() + called.slice(1) + (tight ? "" : "\n" + d3.format(",")(item.n) + (item.n === 1 ? " row" : " rows"));
          }
        })
      ]
    }));
  }

  /* -- criterion: a figure by k, its interval, what data without structure scores, two answers -- */

  function criterion(element, spec, width) {
    var data = rows(spec.data), wide = Math.min(width, 480);
    var ks = data.map(function (row) { return row.k; });
    var spread = data.filter(function (row) { return row.low !== null && row.high !== null; });
    var reference = data.filter(function (row) { return row.reference !== null; });
    var every = Math.ceil(ks.length / Math.max(3, Math.floor(wide / 34)));
    element.append(plot({
      width: wide, height: 162, marginTop: 14, marginLeft: 48, marginRight: 10, marginBottom: 24,
      x: {
        domain: [ks[0] - 0.35, ks[ks.length - 1] + 0.35], label: null, tickSize: 3,
        ticks: ks.filter(function (_, i) { return i % every === 0; }),
        tickFormat: function (k) { return k === ks[0] ? "k = " + k : String(k); }
      },
      y: { label: null, ticks: 4, tickFormat: compact, grid: true, nice: true, domain: spec.domain || undefined },
      marks: [
        spec.chosen === null ? null : Plot.ruleX([spec.chosen], { stroke: kit.accent, strokeWidth: 9, strokeOpacity: 0.16 }),
        Plot.areaY(spread, { x: "k", y1: "low", y2: "high", fill: kit.accent, fillOpacity: 0.12 }),
        Plot.ruleX(spread, { x: "k", y1: "low", y2: "high", stroke: kit.accent, strokeWidth: 3, strokeOpacity: 0.35 }),
        Plot.line(reference, { x: "k", y: "reference", stroke: kit.muted, strokeDasharray: "3,3", strokeWidth: 1.4 }),
        Plot.line(data, { x: "k", y: "values", stroke: kit.accent, strokeWidth: 1.8 }),
        Plot.dot(data, { x: "k", y: "values", r: 2.4, fill: kit.accent }),
        Plot.dot(data.filter(function (row) { return row.k === spec.own; }), {
          x: "k", y: "values", r: 6, stroke: kit.warm, strokeWidth: 2, fill: kit.paper
        }),
        Plot.dot(data.filter(function (row) { return row.k === spec.own; }), { x: "k", y: "values", r: 2.4, fill: kit.warm }),
        Plot.tip(data, Plot.pointerX({
          x: "k", y: "values", fill: kit.paper, stroke: kit.line,
          title: function (row) { return "k = " + row.k + ": " + compact(row.values); }
        }))
      ]
    }));
  }

  /* -- tendency: one statistic beside the range that it has without structure -- */

  function tendency(element, spec, width) {
    var wide = Math.min(width, 560), middle = (spec.low + spec.high) / 2;
    var ends = d3.extent([spec.value, spec.low, spec.high]), room = (ends[1] - ends[0]) * 0.12 || 1;
    element.append(plot({
      width: wide, height: 74, marginTop: 22, marginBottom: 24, marginLeft: 10, marginRight: 10,
      x: { domain: [ends[0] - room, ends[1] + room], label: null, ticks: 4, tickFormat: compact, tickSize: 3, nice: false },
      y: { axis: null, domain: [0, 1] },
      marks: [
        Plot.rect([spec], { x1: "low", x2: "high", y1: 0.15, y2: 0.85, fill: kit.line }),
        Plot.dot([spec], { x: "value", y: 0.5, r: 5.5, fill: kit.accent, stroke: kit.paper, strokeWidth: 1.5 }),
        Plot.text([spec], {
          x: middle, y: 0.85, dy: -9, text: function () { return "no structure"; }, fill: kit.muted,
          textAnchor: "middle"
        }),
        Math.abs(spec.value - middle) > (ends[1] - ends[0] + 2 * room) * 0.25 ? Plot.text([spec], {
          x: "value", y: 0.85, dy: -9, text: function () { return "this data"; }, fill: kit.ink,
          textAnchor: "middle"
        }) : null
      ]
    }));
  }

  /* -- initialisations: where each ended, by kind; a stick is as high as initialisations came to it -- */

  function initialisations(element, spec, width) {
    var data = rows(spec.data), wide = Math.min(width, 760), left = 12, right = 24, high = 66;
    var most = d3.max(data, function (row) { return row.count; });
    var worst = d3.max(data, function (row) { return row.inertia; });
    /* Those that ended at one place but for rounding are one stick, not the two ends of a scale. */
    var room = Math.max((worst - spec.best) * 0.03, Math.abs(spec.best) * 0.01) || 1;
    var domain = [spec.best - room, worst + room];
    var unit = (wide - left - right) / (domain[1] - domain[0]);
    /* A count is written where no taller stick beside it needs the room. */
    var named = data.filter(function (row) {
      return data.every(function (other) {
        return other === row || other.kind !== row.kind || Math.abs(other.inertia - row.inertia) * unit > 15 ||
          other.count < row.count || (other.count === row.count && other.inertia > row.inertia);
      });
    });
    element.append(plot({
      width: wide, height: 34 + high * spec.kinds.length, marginTop: 8, marginBottom: 26, marginLeft: left,
      marginRight: right,
      x: { domain: domain, label: null, ticks: Math.max(2, Math.floor(wide / 130)), tickFormat: compact, grid: true },
      y: { axis: null, domain: [0, most * 1.75] },
      fy: { domain: spec.kinds, axis: null, padding: 0 },
      marks: [
        Plot.ruleX([spec.best], { stroke: kit.warm, strokeWidth: 1.25 }),
        Plot.ruleY([0], { stroke: kit.line }),
        Plot.ruleX(data, {
          x: "inertia", y1: 0, y2: "count", fy: "kind", stroke: kit.accent, strokeWidth: 5,
          title: function (row) { return row.count + (row.count === 1 ? " run: " : " runs: ") + compact(row.inertia); }
        }),
        Plot.text(named, {
          x: "inertia", y: "count", fy: "kind", dy: -7, text: function (row) { return String(row.count); },
          fill: kit.ink, stroke: kit.paper, strokeWidth: 3
        }),
        Plot.text(spec.kinds, {
          fy: function (kind) { return kind; }, frameAnchor: "top-right", dy: 3, fontWeight: 600, fill: kit.ink,
          text: function (kind) { return kind; }, stroke: kit.paper, strokeWidth: 4
        })
      ]
    }));
  }

  /* -- dendrogram: a bridge for each merge, as high as the two were apart -- */

  function dendrogram(element, spec, width) {
    var wide = Math.min(width, 960), links = rows(spec.data), leaves = spec.sizes.length;
    var named = leaves * 26 < wide;
    element.append(plot({
      width: wide, height: Math.max(220, Math.min(360, wide * 0.5)), marginTop: 10, marginBottom: named ? 34 : 12,
      marginLeft: 46, marginRight: 10,
      x: { domain: [-0.6, leaves - 0.4], axis: null },
      y: { label: null, ticks: 5, tickFormat: compact, grid: true, zero: true },
      marks: [
        links.map(function (link) {
          var below = spec.cut === null || link.height <= spec.cut;
          return Plot.line([
            [link.left, link.from_left], [link.left, link.height], [link.right, link.height], [link.right, link.from_right]
          ], { stroke: spec.marked ? colour(link.cluster) : below ? kit.accent : kit.muted, strokeWidth: 1.5, strokeLinecap: "square" });
        }),
        spec.cut === null ? null : Plot.ruleY([spec.cut], { stroke: kit.warm, strokeDasharray: "5,4", strokeWidth: 1.5 }),
        named ? Plot.text(spec.sizes, {
          x: function (_, i) { return i; }, frameAnchor: "bottom", dy: 14, text: function (size) { return compact(size); },
          fill: kit.muted, fontSize: 10
        }) : null,
        named ? Plot.text(["rows in each leaf"], { frameAnchor: "bottom-right", dy: 30, fill: kit.muted }) : null
      ]
    }));
  }

  /* -- clustergram: clusters above each k, lines as wide as the rows that pass between them -- */

  function clustergram(element, spec, width) {
    var nodes = rows(spec.nodes), links = rows(spec.links), wide = Math.min(width, 760);
    var ks = Array.from(new Set(nodes.map(function (node) { return node.k; })));
    var at = new Map(nodes.map(function (node) { return [node.k + "/" + node.cluster, node.score]; }));
    var next = new Map(ks.map(function (k, i) { return [k, ks[i + 1]]; }));
    var widest = Math.min(34, wide / 16);
    element.append(plot({
      width: wide, height: Math.max(240, Math.min(380, wide * 0.55)), marginTop: 12, marginBottom: 38,
      marginLeft: 46, marginRight: 18,
      x: { domain: [ks[0] - 0.35, ks[ks.length - 1] + 0.35], label: "number of clusters k", ticks: ks, tickFormat: String },
      y: { label: null, ticks: 5, tickFormat: compact, grid: true },
      marks: [
        spec.chosen === null ? null : Plot.ruleX([spec.chosen], { stroke: kit.warm, strokeWidth: 1.5 }),
        links.map(function (link) {
          var to = next.get(link.k);
          return Plot.line([[link.k, at.get(link.k + "/" + link.cluster)], [to, at.get(to + "/" + link.next)]], {
            stroke: kit.accent, strokeOpacity: 0.4, strokeWidth: Math.max(0.75, widest * link.rows / spec.n),
            title: function () { return link.rows + " rows from cluster " + link.cluster + " of " + link.k + " to " + link.next + " of " + to; }
          });
        }),
        Plot.dot(nodes, {
          x: "k", y: "score", r: function (node) { return 2 + 6 * Math.sqrt(node.rows / spec.n); },
          fill: kit.accent, stroke: kit.paper, strokeWidth: 1.25,
          title: function (node) { return "cluster " + node.cluster + " of " + node.k + ": " + node.rows + " rows"; }
        })
      ]
    }));
  }

  root.further.charts.register({
    clusters: clusters, degrees: degrees, silhouettes: silhouettes, criterion: criterion, tendency: tendency,
    initialisations: initialisations, dendrogram: dendrogram, clustergram: clustergram
  });
})(globalThis);
