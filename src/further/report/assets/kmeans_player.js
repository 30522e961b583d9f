/* Plays k-means in the page: a plane of rows and centroids, the controls, and inertia as it falls.
 *
 * Every [data-kmeans] of the page is built from {scores, k, most, axes} in the JSON script element
 * after it; further.kmeansPlayer.all holds what drives each. The steps are those of kmeans.js in all
 * columns of scores; drawn are the first two. Start n gives the same centroids to everyone, for each
 * k and kind of start. What a hand does in the picture is in kmeans_hand.js.
 */
(function (root) {
  "use strict";
  var d3 = root.d3, kmeans = root.further.kmeans, kit = root.further.charts.kit;
  var sign = root.further.clusterSign;
  var KINDS = Object.keys(kmeans.starts);
  var SPEEDS = [["slow", 1800], ["normal", 900], ["fast", 250]];
  var players = 0;

  function count(n, noun) {
    return n + " " + noun + (n === 1 ? "" : "s");
  }

  function figures(value) {
    return value >= 1000 ? d3.format(",.0f")(value) : String(+value.toPrecision(4));
  }

  function button(text, label, act) {
    var element = kit.node("button", "", text);
    element.type = "button";
    if (label) element.setAttribute("aria-label", label);
    element.addEventListener("click", act);
    return element;
  }

  function labelled(text, control) {
    var label = kit.node("label", "", text + " ");
    label.append(control);
    return label;
  }

  function choice(options, act) {
    var select = document.createElement("select");
    options.forEach(function (option) {
      var item = kit.node("option", "", option[0]);
      item.value = option[1];
      select.append(item);
    });
    select.addEventListener("change", function () { act(select.value); });
    return select;
  }

  function mount(element, spec) {
    var X = spec.scores, width = X[0].length, id = ++players;
    var k = spec.k, number = 1, kind = KINDS[0], every = SPEEDS[1][1];
    var states = [], timer = null, best = {}, size = 0;
    /* Centroids that were set by hand, until others are drawn; and what to say instead of the step. */
    var own = null, told = "";

    /* -- what the algorithm has done so far -- */

    function state() { return states[states.length - 1]; }

    function restart() {
      if (own) { begin(own, count(k, "centroid") + " set by hand."); return; }
      stop();
      told = "";
      states = [kmeans.drawn(X, kind, k, number)];
      draw();
    }

    /* Starts anew from these centroids, with every row at the nearest of them. */
    function begin(centers, words) {
      stop();
      own = centers;
      k = own.length;
      var first = kmeans.start(X, own);
      states = [first, kmeans.next(X, first)];
      told = words + " Inertia " + figures(state().inertia) + ".";
      draw();
    }

    function draws() {
      own = null;
      restart();
    }

    function advance() {
      states.push(kmeans.next(X, state()));
      var now = state();
      if (now.converged && !(best[k] && best[k].inertia <= now.inertia * (1 + 1e-9))) {
        best[k] = { inertia: now.inertia, from: own ? "centroids set by hand" : "start " + number + ", " + kind };
      }
    }

    function step() {
      if (state().converged) { stop(); return; }
      told = "";
      advance();
      if (state().converged) stop();
      draw();
    }

    /* The end of a start, from which one can step back. */
    function show(to, words) {
      newStart(to);
      while (!state().converged) advance();
      say(words);
    }

    function say(words) {
      told = words;
      draw();
    }

    /* Gives a function that puts everything back as it is now. */
    function memory() {
      var past = { X: X, k: k, number: number, kind: kind, own: own, states: states.slice(), best: best, told: told };
      return function () {
        stop();
        X = past.X; k = past.k; number = past.number; kind = past.kind;
        own = past.own; states = past.states; best = past.best; told = past.told;
        draw();
      };
    }

    function back() {
      stop();
      told = "";
      if (states.length > 1) states.pop();
      draw();
    }

    function play() {
      if (timer !== null) { stop(); draw(); return; }
      if (state().converged) restart();
      timer = setInterval(step, every);
      draw();
    }

    function stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    }

    function newStart(to) {
      number = Math.min(9999, Math.max(1, to));
      draws();
    }

    /* To where the run began; from there, to the centroids before a hand moved them. */
    function reset() {
      if (states.length <= 2) own = null;
      restart();
    }

    function setK(to) {
      k = Math.min(spec.most, Math.max(1, to));
      draws();
    }

    /* -- in words -- */

    function sentence() {
      if (told) return told;
      var now = state(), at = "Step " + (states.length - 1) + ": ";
      if (now.phase === "start" && own) return count(k, "centroid") + " set by hand.";
      if (now.phase === "start") {
        return "Start " + number + ": " + (k === 1 ? "1 centroid, " : k + " centroids, ") +
          (kind === KINDS[0] ? "rows drawn at random." : "rows drawn by k-means++.");
      }
      var words = now.phase === "assign"
        ? at + count(now.changed, "row") + (states.length === 2 ? " took the nearest centroid" : " changed side")
        : at + (now.shift === 0 ? "no centroid moved" : "the centroids moved, by up to " + figures(now.shift));
      words += ", inertia " + figures(now.inertia) + ".";
      if (now.converged) words += " It has converged after " + count(now.iteration, "iteration") + ".";
      return words;
    }

    function comparison() {
      if (!best[k]) return "";
      var found = best[k], words = "Best for k = " + k + " so far: inertia " + figures(found.inertia) +
        " (" + found.from + ").";
      if (state().converged && state().inertia > found.inertia * (1 + 1e-9)) {
        words += " This start stopped at a worse one.";
      }
      return words;
    }

    /* -- the elements -- */

    element.replaceChildren();
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", "k-means, step by step");
    element.setAttribute("aria-describedby", "player-keys-" + id);
    var stage = kit.node("div", "stage"), side = kit.node("div", "side");
    var svg = d3.select(stage).append("svg").attr("role", "group");
    var cells = svg.append("g").attr("class", "cells"), dots = svg.append("g").attr("class", "dots");
    var trails = svg.append("g").attr("class", "trails"), marks = svg.append("g").attr("class", "centroids");
    var axes = svg.append("g").attr("class", "axes");
    var status = kit.node("p", "status");
    status.setAttribute("role", "status");
    status.setAttribute("aria-live", "polite");
    var aside = kit.node("p", "note");
    var chart = kit.node("div", "inertia"), curve = d3.select(chart).append("svg").attr("aria-hidden", "true");
    var fold = kit.node("details"), log = document.createElement("table"), logBox = kit.node("div", "scroll");
    fold.append(kit.node("summary", "", "Every step so far"), logBox);
    logBox.append(log);

    var playButton = button("", "", play);
    var backButton = button("◂ Back", "One step back", back);
    var stepButton = button("Step ▸", "One step on", function () { stop(); step(); });
    var startField = document.createElement("input");
    startField.type = "number"; startField.min = 1; startField.max = 9999;
    startField.addEventListener("change", function () { newStart(Math.floor(+startField.value) || 1); });
    var less = button("−", "One centroid less", function () { setK(k - 1); });
    var more = button("+", "One centroid more", function () { setK(k + 1); });
    var shownK = kit.node("output", "");
    var kinds = choice(KINDS.map(function (name) { return [name, name]; }), function (name) { kind = name; draws(); });
    var speeds = choice(SPEEDS, function (value) {
      every = +value;
      if (timer !== null) { stop(); timer = setInterval(step, every); }
    });
    speeds.value = String(every);
    var first = kit.node("div", "controls"), second = kit.node("div", "controls");
    var stepper = kit.node("span", "stepper");
    stepper.append(less, shownK, more);
    first.append(playButton, backButton, stepButton, button("Reset", "Reset: back to the first centroids; once more: as they were drawn", reset));
    second.append(
      button("New start", "New start: other first centroids", function () { newStart(number + 1); }),
      labelled("Start", startField), stepper, labelled("Drawn by", kinds), labelled("Speed", speeds)
    );
    var hand = root.further.kmeansHand({
      element: element, svg: svg, marks: marks, data: spec.scores, most: spec.most, button: button, figures: figures,
      rows: function () { return X; }, kind: function () { return kind; }, state: state,
      begin: begin, show: show, say: say, stop: stop, memory: memory, scales: scales,
      take: function (rows) { X = rows; best = {}; }
    });
    var keys = kit.node("p", "keys");
    keys.id = "player-keys-" + id;
    [["space", "play or pause"], ["→", "step"], ["←", "back"], ["n", "new start"], ["+", "or"], ["−", "centroids"]]
      .concat(hand.keys).forEach(function (key) {
        keys.appendChild(kit.node("span")).append(kit.node("kbd", "", key[0]), " " + key[1] + " ");
      });
    var cellNote = kit.node("p", "note", width === 2
      ? "The borders lie midway between centroids: each cell holds the rows that are nearest to its own."
      : width === 1
        ? "There is one component; the height of a row in the picture means nothing."
        : "Borders between the clusters are not drawn: distances are measured in " + width +
          " components, and in the two that you see they would be wrong. A centroid that you move changes in these " +
          "two and keeps its values in the others; what you add takes those of the nearest row of the data.");
    side.append(status, aside, chart, fold);
    element.append(first, second, hand.tools, stage, hand.tally, side, keys, cellNote);

    /* -- the picture: the same unit in both directions, or distances would mislead -- */

    function xy(row) {
      /* One component is drawn as a band: the height only keeps the rows apart. */
      return [row[0], width > 1 ? row[1] : 0];
    }

    function jitter(i) { return ((i * 0.618034) % 1) - 0.5; }

    var xs = d3.extent(X, function (row) { return row[0]; }), ys = d3.extent(X, function (row) { return xy(row)[1]; });
    var spanX = xs[1] - xs[0] || 1, spanY = width > 1 ? ys[1] - ys[0] || spanX : spanX * 0.25;
    if (width === 1) ys = [-spanY / 2, spanY / 2];

    function scales() {
      var pad = 18, inner = size - 2 * pad;
      var height = inner * spanY / spanX + 2 * pad;
      /* Low enough for a screen to show it whole beside its buttons. */
      height = Math.round(Math.min(Math.max(0.42 * size, Math.min(240, 0.7 * size), height), Math.max(0.6 * size, 300), 500));
      var unit = Math.min(inner / spanX, (height - 2 * pad) / spanY);
      var midX = (xs[0] + xs[1]) / 2, midY = (ys[0] + ys[1]) / 2;
      return {
        width: size, height: height,
        at: function (row) {
          var p = xy(row);
          return [size / 2 + (p[0] - midX) * unit, height / 2 - (p[1] - midY) * unit];
        },
        drawn: function (point) {
          return [midX + (point[0] - size / 2) / unit, midY - (point[1] - height / 2) / unit].slice(0, width);
        },
        band: spanY * unit
      };
    }

    function place(point) { return "translate(" + point[0].toFixed(2) + "px," + point[1].toFixed(2) + "px)"; }

    function draw() {
      var now = state(), before = states.length > 1 ? states[states.length - 2] : null;
      playButton.textContent = timer === null ? "▶ Play" : "❚❚ Pause";
      playButton.setAttribute("aria-pressed", String(timer !== null));
      backButton.disabled = states.length < 2;
      stepButton.disabled = now.converged;
      less.disabled = k <= 1;
      more.disabled = k >= spec.most;
      shownK.textContent = "k = " + k;
      startField.value = own ? "" : number;
      kinds.value = kind;
      status.textContent = sentence();
      aside.textContent = comparison();
      svg.attr("aria-label", hand.rows() + " and " + count(k, "centroid") + ". " + sentence());
      drawLog();
      if (!size) return;
      var to = scales(), at = to.at;
      svg.attr("width", size).attr("height", to.height).attr("viewBox", "0 0 " + size + " " + to.height);

      var changed = now.phase === "assign" && before && before.labels ? before.labels : null;
      dots.selectAll("path").data(X).join("path")
        .attr("d", function (_, i) { return now.labels ? sign.path(now.labels[i], 34) : sign.path(0, 26); })
        .attr("transform", function (row, i) {
          var p = at(row);
          return "translate(" + p[0].toFixed(2) + "," + (p[1] + (width === 1 ? jitter(i) * to.band * 0.8 : 0)).toFixed(2) + ")";
        })
        .classed("painted", function (_, i) { return i >= spec.scores.length; })
        .classed("changed", function (_, i) { return changed && changed[i] !== now.labels[i]; })
        .style("--sign", function (_, i) { return now.labels ? sign.colour(now.labels[i]) : kit.muted; });

      var borders = [];
      if (width === 2 && k > 1) {
        var seen = {};
        var points = now.centers.map(at).filter(function (p) {
          return seen[p] ? false : (seen[p] = true);
        });
        if (points.length > 1) borders = [d3.Delaunay.from(points).voronoi([0, 0, size, to.height]).render()];
      }
      cells.selectAll("path").data(borders).join("path").attr("d", function (d) { return d; });

      trails.selectAll("g").data(now.centers).join("g").each(function (_, j) {
        var way = states.map(function (past) { return at(past.centers[j]); })
          .filter(function (p, i, all) { return !i || p[0] !== all[i - 1][0] || p[1] !== all[i - 1][1]; });
        var group = d3.select(this);
        group.selectAll("path").data([way]).join("path")
          .attr("d", d3.line()).style("stroke", sign.colour(j));
        group.selectAll("circle").data(way.slice(0, -1)).join("circle").attr("r", 2.5)
          .attr("cx", function (p) { return p[0]; }).attr("cy", function (p) { return p[1]; })
          .style("fill", sign.colour(j));
      });

      var moving = marks.selectAll("g").data(now.centers).join(function (enter) {
        var group = enter.append("g").attr("role", "application").attr("tabindex", 0);
        /* As large as a finger needs. */
        group.append("circle").attr("r", 22);
        group.append("path");
        group.append("text").attr("dy", "0.34em");
        return group;
      });
      moving.style("transform", function (center) { return place(at(center)); })
        .attr("aria-label", function (center, j) {
          return "Centroid " + j + " of " + k + " at " + center.slice(0, 2).map(figures).join(", ");
        });
      moving.select("path").attr("d", function (_, j) { return sign.path(j, 300); })
        .style("fill", function (_, j) { return sign.colour(j); });
      moving.select("text").text(function (_, j) { return j; });

      axes.selectAll("text").data((spec.axes || []).slice(0, Math.min(2, width))).join("text")
        .attr("x", function (_, i) { return i ? 6 : size - 4; })
        .attr("y", function (_, i) { return i ? 12 : to.height - 5; })
        .attr("text-anchor", function (_, i) { return i ? "start" : "end"; })
        .text(function (name, i) { return (i ? "↑ " : "") + kit.short(name, Math.floor(size / 8)) + (i ? "" : " →"); });
      hand.draw();
      drawCurve();
    }

    function drawCurve() {
      var known = states.map(function (past, i) { return { step: i, state: past }; })
        .filter(function (point) { return point.state.inertia !== null; });
      var wide = Math.max(120, chart.clientWidth || 260), high = 118, left = 46;
      curve.attr("width", wide).attr("height", high).attr("viewBox", "0 0 " + wide + " " + high);
      /* A fixed floor of ten steps: the curve grows to the right instead of shrinking. */
      var last = Math.max(10, states.length - 1);
      var top = d3.max(known, function (p) { return p.state.inertia; }) || 1;
      var low = d3.min(known, function (p) { return p.state.inertia; }) || 0;
      var x = d3.scaleLinear([0, last], [left, wide - 8]);
      var y = d3.scaleLinear([low - (top - low || top) * 0.08, top + (top - low || top) * 0.04], [high - 24, 14]);
      var ends = known.length ? [top].concat(top - low > top * 1e-6 ? [low] : []) : [];
      curve.selectAll(".tick").data(ends).join("text").attr("class", "tick").attr("x", left - 7)
        .attr("y", function (value) { return y(value) + 4; }).attr("text-anchor", "end").text(figures);
      curve.selectAll(".base").data([0]).join("path").attr("class", "base")
        .attr("d", "M" + left + " " + (high - 20) + "H" + (wide - 8));
      curve.selectAll(".name").data(["inertia", "step " + (states.length - 1)]).join("text").attr("class", "name")
        .attr("x", function (_, i) { return i ? x(states.length - 1) : left; })
        .attr("y", function (_, i) { return i ? high - 6 : 9; })
        .attr("text-anchor", function (_, i) { return i && states.length - 1 > last / 2 ? "end" : "start"; })
        .text(function (d) { return d; });
      curve.selectAll(".line").data([known]).join("path").attr("class", "line")
        .attr("d", d3.line(function (p) { return x(p.step); }, function (p) { return y(p.state.inertia); }));
      curve.selectAll("circle").data(known).join("circle").attr("r", 3)
        .attr("class", function (p) { return p.state.phase; })
        .attr("cx", function (p) { return x(p.step); }).attr("cy", function (p) { return y(p.state.inertia); });
    }

    function drawLog() {
      log.replaceChildren();
      var head = log.createTHead().insertRow();
      ["Step", "What", "Changed side", "Inertia"].forEach(function (name) {
        var cell = kit.node("th", "", name);
        cell.scope = "col";
        head.append(cell);
      });
      var body = log.createTBody();
      states.forEach(function (past, i) {
        var row = body.insertRow();
        [i, past.phase === "start" ? "centroids drawn" : past.phase === "assign" ? "rows assigned" : "centroids moved",
          past.changed === null ? "" : past.changed, past.inertia === null ? "" : figures(past.inertia)
        ].forEach(function (value) { row.insertCell().textContent = value; });
      });
      logBox.scrollTop = logBox.scrollHeight;
    }

    /* -- keys: those of the fields stay theirs -- */

    element.addEventListener("keydown", function (event) {
      var inField = event.target.matches("input, select"), onButton = event.target.matches("button, summary");
      if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
      if (hand.key(event, onButton)) { event.preventDefault(); return; }
      var acts = {
        ArrowRight: function () { stop(); step(); }, ArrowLeft: back,
        n: function () { newStart(number + 1); }, N: function () { newStart(number + 1); },
        "+": function () { setK(k + 1); }, "=": function () { setK(k + 1); },
        "-": function () { setK(k - 1); }, "−": function () { setK(k - 1); }
      };
      if (!onButton) acts[" "] = play;
      if (!acts[event.key]) return;
      event.preventDefault();
      acts[event.key]();
    });
    /* A click on the picture hands it the keys. */
    stage.addEventListener("pointerdown", function (event) {
      if (!event.target.closest(".centroids g")) element.focus({ preventScroll: true });
    });

    new ResizeObserver(function (entries) {
      var wide = Math.floor(entries[0].contentRect.width);
      if (wide < 40 || wide === size) return;
      size = wide;
      draw();
    }).observe(stage);
    restart();

    return {
      step: step, setK: setK, state: state, rows: function () { return X; }, steps: function () { return states.length - 1; }
    };
  }

  root.further.kmeansPlayer = { all: [] };
  document.querySelectorAll("[data-kmeans]").forEach(function (element) {
    var spec = JSON.parse(element.nextElementSibling.textContent);
    root.further.kmeansPlayer.all.push(mount(element, spec));
  });
})(globalThis);
