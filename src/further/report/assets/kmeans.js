/* k-means as Lloyd wrote it, one half-step at a time, on plain arrays; no page is needed to run it.
 *
 * A state is {phase: "start" | "assign" | "move", centers, labels, inertia, changed, shift,
 * iteration, converged}; next(X, state) gives the one after it and leaves the old one as it is.
 * An iteration is an assignment and a move. It has converged when no row changes side or no
 * centroid moves, as in scikit-learn with tol=0; a centroid without rows moves, as there, to the
 * row farthest from its own. Ties go to the centroid of the lower number.
 */
(function (root) {
  "use strict";

  /* Mulberry32: the same numbers in every browser, so that start 3 is start 3 for a whole class. */
  function generator(seed) {
    var state = seed >>> 0;
    return function () {
      state = (state + 0x6d2b79f5) >>> 0;
      var t = Math.imul(state ^ (state >>> 15), state | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function squared(a, b) {
    var sum = 0;
    for (var j = 0; j < a.length; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
  }

  /* k distinct rows, each set of them as likely as any other. */
  function randomRows(X, k, random) {
    var order = X.map(function (_, i) { return i; });
    for (var i = 0; i < k; i++) {
      var other = i + Math.floor(random() * (order.length - i)), kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
    return order.slice(0, k);
  }

  /* Arthur and Vassilvitskii's k-means++: a row is drawn in proportion to its squared distance to
   * the nearest one drawn before. */
  function plusPlus(X, k, random) {
    var chosen = [Math.floor(random() * X.length)], nearest = X.map(function () { return Infinity; });
    while (chosen.length < k) {
      var last = X[chosen[chosen.length - 1]], total = 0;
      for (var i = 0; i < X.length; i++) {
        nearest[i] = Math.min(nearest[i], squared(X[i], last));
        total += nearest[i];
      }
      var left = random() * total, row = -1;
      for (i = 0; i < X.length; i++) {
        /* A row that is already taken, or equals one, has no weight; where all do, any other will do. */
        if (total > 0 ? nearest[i] > 0 : chosen.indexOf(i) < 0) {
          row = i;
          left -= nearest[i];
          if (left < 0) break;
        }
      }
      chosen.push(row);
    }
    return chosen;
  }

  var STARTS = { "random rows": randomRows, "k-means++": plusPlus };

  function start(X, centers) {
    return {
      phase: "start", centers: centers.map(function (c) { return c.slice(); }), labels: null,
      inertia: null, changed: null, shift: null, iteration: 0, converged: false
    };
  }

  function assign(X, state) {
    var labels = new Array(X.length), inertia = 0, changed = 0;
    for (var i = 0; i < X.length; i++) {
      var best = 0, least = Infinity;
      for (var j = 0; j < state.centers.length; j++) {
        var distance = squared(X[i], state.centers[j]);
        if (distance < least) { least = distance; best = j; }
      }
      labels[i] = best;
      inertia += least;
      if (!state.labels || state.labels[i] !== best) changed++;
    }
    return {
      phase: "assign", centers: state.centers, labels: labels, inertia: inertia, changed: changed,
      shift: null, iteration: state.iteration + 1, converged: changed === 0
    };
  }

  /* Centroids without rows take over the rows that lie farthest from their own centroids. */
  function relocate(X, state, sums, counts) {
    var empty = [];
    counts.forEach(function (count, j) { if (!count) empty.push(j); });
    if (!empty.length) return;
    var far = X.map(function (x, i) { return { row: i, distance: squared(x, state.centers[state.labels[i]]) }; });
    far.sort(function (a, b) { return b.distance - a.distance || a.row - b.row; });
    if (far[0].distance === 0) return;
    empty.forEach(function (j, place) {
      var row = far[place].row, from = state.labels[row];
      X[row].forEach(function (value, d) { sums[from][d] -= value; sums[j][d] = value; });
      counts[from]--;
      counts[j] = 1;
    });
  }

  function move(X, state) {
    var width = X[0].length, k = state.centers.length, sums = [], counts = [];
    for (var j = 0; j < k; j++) { sums.push(new Array(width).fill(0)); counts.push(0); }
    for (var i = 0; i < X.length; i++) {
      var sum = sums[state.labels[i]];
      counts[state.labels[i]]++;
      for (var d = 0; d < width; d++) sum[d] += X[i][d];
    }
    relocate(X, state, sums, counts);
    var shift = 0, centers = sums.map(function (sum, j) {
      /* Where every row lies on its centroid there is none to take over: an empty one stays. */
      var center = counts[j] > 0 ? sum.map(function (total) { return total / counts[j]; }) : state.centers[j].slice();
      shift = Math.max(shift, Math.sqrt(squared(center, state.centers[j])));
      return center;
    });
    var inertia = 0;
    for (i = 0; i < X.length; i++) inertia += squared(X[i], centers[state.labels[i]]);
    return {
      phase: "move", centers: centers, labels: state.labels, inertia: inertia, changed: null,
      shift: shift, iteration: state.iteration, converged: shift === 0
    };
  }

  function next(X, state) {
    if (state.converged) return state;
    return state.phase === "assign" ? move(X, state) : assign(X, state);
  }

  /* Start `number` of a kind: the same centroids for everyone. */
  function drawn(X, kind, k, number) {
    return start(X, STARTS[kind](X, k, generator(number)).map(function (row) { return X[row]; }));
  }

  /* Which of the inertias that starts 1, 2, … ended at is the worst and which the best, as numbers of
   * the starts, and how many end within 1 % of the best. Equal but for rounding is equal: the first. */
  function rank(ends) {
    var most = Math.max.apply(null, ends), least = Math.min.apply(null, ends);
    return {
      worst: 1 + ends.findIndex(function (end) { return end >= most * (1 - 1e-9); }),
      best: 1 + ends.findIndex(function (end) { return end <= least * (1 + 1e-9); }),
      near: ends.filter(function (end) { return end <= least * 1.01; }).length,
      equal: most <= least * (1 + 1e-9)
    };
  }

  root.further = root.further || {};
  root.further.kmeans = {
    generator: generator, squared: squared, starts: STARTS, start: start, drawn: drawn, next: next, rank: rank
  };
})(globalThis);
