/* What a hand does in the player of k-means: it drags, adds and removes centroids, paints rows, and
 * looks for the worst start and the best; by mouse, finger or keys.
 *
 * further.kmeansHand(player) is called by kmeans_player.js and gets what it needs to know: element,
 * svg, marks (the centroids, a selection), data (the rows of the data), most (centroids), rows(),
 * kind(), state(), scales() ({width, height, at(row), drawn(point)}), and what it may do: stop(),
 * say(words), begin(centers, words), show(start, words), take(rows), memory(). It returns
 * {tools, tally, keys, rows(), key(event, onButton), draw()}: elements to place, and what to call.
 */
(function (root) {
  "use strict";
  var d3 = root.d3, kmeans = root.further.kmeans, kit = root.further.charts.kit;
  var STARTS = 200, MOST_ROWS = 1000;
  /* Rows for a press and for each way of so many pixels, and how far they scatter. */
  var DROP = 4, WAY = 8, SCATTER = 16;
  var LONG = 600, STILL = 5;
  var ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  root.further.kmeansHand = function (player) {
    var painting = false, press = null, clicked = -1, cross = null, random = null, restore = null;

    /* -- places -- */

    function inside(point) {
      var to = player.scales();
      return [Math.max(0, Math.min(to.width, point[0])), Math.max(0, Math.min(to.height, point[1]))];
    }

    /* A place in the picture with all components: those that are not drawn are of the nearest row. */
    function whole(point) {
      var drawn = player.scales().drawn(inside(point));
      var near = d3.least(player.data, function (row) { return kmeans.squared(drawn, row); });
      return drawn.concat(near.slice(drawn.length));
    }

    function moved(point, step) {
      var to = player.scales();
      return inside([point[0] + step[0] * to.width, point[1] + step[1] * to.height]);
    }

    function nodes() { return player.marks.selectAll("g").nodes(); }

    function held(target) { return nodes().indexOf(target.closest(".centroids g")); }

    function focus(j) { (nodes()[j] || player.element).focus({ preventScroll: true }); }

    /* -- centroids -- */

    function put(j, point) {
      var drawn = player.scales().drawn(inside(point));
      player.begin(player.state().centers.map(function (center, i) {
        return i === j ? drawn.concat(center.slice(drawn.length)) : center;
      }), "Centroid " + j + " was moved.");
    }

    function add(center) {
      var centers = player.state().centers;
      if (centers.length >= player.most) {
        player.say("There are " + centers.length + " centroids, as many as there may be.");
      } else {
        player.begin(centers.concat([center]), "Centroid " + centers.length + " was added.");
      }
    }

    function addFarthest() {
      var centers = player.state().centers;
      add(d3.greatest(player.rows(), function (row) {
        return d3.min(centers, function (center) { return kmeans.squared(row, center); });
      }));
    }

    function remove(j) {
      var centers = player.state().centers;
      if (centers.length === 1) {
        player.say("This is the only centroid; one has to stay.");
      } else {
        player.begin(centers.filter(function (_, i) { return i !== j; }), "Centroid " + j + " was removed.");
        focus(Math.min(j, centers.length - 2));
      }
    }

    /* -- rows -- */

    function counted() {
      var painted = player.rows().length - player.data.length, n = player.data.length;
      return n + (n === 1 ? " row" : " rows") + (painted || painting ? " of the data and " + painted + " painted" : "");
    }

    function paint(point, n) {
      var rows = player.rows(), room = Math.min(n, MOST_ROWS - rows.length);
      cross = inside(point);
      if (room <= 0) {
        player.say("There are " + player.figures(rows.length) + " rows, as many as there may be.");
        return;
      }
      if (!restore) {
        restore = player.memory();
        random = kmeans.generator(1);
      }
      function scatter() { return (random() + random() + random() - 1.5) * SCATTER; }
      player.take(rows.concat(d3.range(room).map(function () {
        return whole([cross[0] + scatter(), cross[1] + scatter()]);
      })));
      player.begin(player.state().centers, counted() + ".");
    }

    function wipe() {
      var back = restore;
      restore = null;
      back();
      focus(-1);
    }

    /* -- the starts: in slices, so that the page never stands still -- */

    function search(wanted) {
      var X = player.rows(), kind = player.kind(), before = player.state(), ends = [];
      player.stop();
      player.say("Trying " + STARTS + " starts …");
      function slice() {
        /* Whatever is changed meanwhile ends the search. */
        if (before !== player.state()) return;
        var until = performance.now() + 40;
        while (ends.length < STARTS && performance.now() < until) {
          var state = kmeans.drawn(X, kind, before.centers.length, ends.length + 1);
          while (!state.converged) state = kmeans.next(X, state);
          ends.push(state.inertia);
        }
        if (ends.length < STARTS) setTimeout(slice);
        else tell(wanted, ends);
      }
      setTimeout(slice);
    }

    function tell(wanted, ends) {
      var found = kmeans.rank(ends);
      function inertia(start) { return player.figures(ends[start - 1]); }
      var worst = inertia(found.worst), best = inertia(found.best), of = "Of " + STARTS + " starts, start ";
      /* The player remembers the best it has seen. */
      player.show(found.best);
      player.show(found[wanted], found.equal
        ? "All " + STARTS + " starts end at the same inertia, " + best + "; this is start " + found.best + "."
        : wanted === "worst"
          ? of + found.worst + " ends worst: inertia " + worst + ", against " + best + " at best (start " +
            found.best + "); " + found.near + " end within 1 % of the best."
          : of + found.best + " ends best: inertia " + best + ", against " + worst + " at worst (start " +
            found.worst + "); " + found.near + " end within 1 % of it.");
    }

    /* -- the elements -- */

    function tool(text, paints) {
      return player.button(text, "", function () {
        painting = paints;
        player.say("");
      });
    }

    var hands = tool("Centroids", false), brush = tool("Paint rows", true);
    var tools = kit.node("div", "controls"), group = kit.node("span", "tools"), hint = kit.node("span", "hint");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "What a press in the picture does");
    group.append(hands, brush);
    tools.append(
      group,
      player.button("Worst start", "Worst start of " + STARTS, function () { search("worst"); }),
      player.button("Best start", "Best start of " + STARTS, function () { search("best"); }),
      hint
    );
    var tally = kit.node("p", "tally"), words = kit.node("span"), wiper = player.button("Remove painted rows", "", wipe);
    tally.append(words, wiper);
    var aim = player.svg.append("path").attr("class", "cross").attr("d", "M-12 0H-3M3 0H12M0 -12V-3M0 3V12");

    function draw() {
      var to = player.scales(), painted = restore !== null;
      player.element.classList.toggle("painting", painting);
      hands.setAttribute("aria-pressed", String(!painting));
      brush.setAttribute("aria-pressed", String(painting));
      tally.hidden = !painting && !painted;
      words.textContent = counted() + ", which no other figure of the page counts.";
      wiper.disabled = !painted;
      hint.textContent = painting
        ? "Press and move to paint rows."
        : "Drag a centroid, click to add one, double-click one to remove it (with a finger: hold it).";
      cross = inside(cross || [to.width / 2, to.height / 2]);
      aim.attr("transform", "translate(" + cross + ")");
      player.svg.attr("tabindex", painting ? 0 : null);
    }

    /* -- the pointer -- */

    function at(event) { return d3.pointer(event, player.svg.node()); }

    /* Where centroids lie on each other, the nearest is meant. */
    function meant(event) {
      if (painting || held(event.target) < 0) return -1;
      var from = at(event), to = player.scales();
      return d3.leastIndex(player.state().centers, function (center) { return kmeans.squared(from, to.at(center)); });
    }

    function release(event) {
      if (!press || press.id !== event.pointerId) return;
      press.over = true;
      clearTimeout(press.timer);
      player.element.classList.remove("held");
    }

    player.svg.on("pointerdown", function (event) {
      /* A second finger does nothing. */
      if (event.button > 0 || (press && !press.over && press.id !== event.pointerId)) return;
      var j = meant(event), from = at(event);
      /* `done` presses are no clicks any more. */
      press = { id: event.pointerId, j: j, from: from, grip: [0, 0], done: painting };
      if (painting) {
        paint(from, DROP);
      } else if (j >= 0) {
        var mark = player.scales().at(player.state().centers[j]);
        press.grip = [mark[0] - from[0], mark[1] - from[1]];
        focus(j);
        if (event.pointerType !== "mouse") {
          press.timer = setTimeout(function () { press.done = press.over = true; remove(j); }, LONG);
        }
      }
      /* So that a drag goes on outside the picture; a finger that presses elsewhere may scroll. */
      if ((painting || j >= 0) && event.isTrusted) event.target.setPointerCapture(event.pointerId);
    }).on("pointermove", function (event) {
      if (!press || press.over || press.id !== event.pointerId) return;
      var point = at(event), way = Math.hypot(point[0] - press.from[0], point[1] - press.from[1]);
      if (painting) {
        if (way < WAY) return;
        press.from = point;
        paint(point, DROP / 2);
      } else if (press.held || way >= STILL) {
        clearTimeout(press.timer);
        press.done = true;
        if (press.j < 0) return;
        press.held = true;
        player.element.classList.add("held");
        put(press.j, [point[0] + press.grip[0], point[1] + press.grip[1]]);
      }
    }).on("pointerup pointercancel", release).on("click", function (event) {
      if (!press || press.done) { clicked = -1; return; }
      var j = press.j, again = event.detail === 2 && j === clicked;
      clicked = j;
      if (j < 0) add(whole(at(event)));
      else if (again) remove(j);
    }).on("mousedown", function (event) {
      /* Else the focus went to the one that lies on top. */
      if (held(event.target) >= 0) event.preventDefault();
    }).on("contextmenu", function (event) {
      /* A long press of a finger removes; it asks for no menu. */
      if (held(event.target) >= 0) event.preventDefault();
    });

    /* Not every browser heeds touch-action inside of a picture. */
    player.svg.node().addEventListener("touchmove", function (event) {
      if (press && !press.over && (painting || press.j >= 0)) event.preventDefault();
    }, { passive: false });

    /* -- keys: of the centroid that has the focus, else of the cross -- */

    function key(event, onButton) {
      var arrow = ARROWS[event.key], share = event.shiftKey ? 0.1 : 0.02, j = held(event.target);
      if (arrow && (j >= 0 || painting)) {
        var step = [arrow[0] * share, arrow[1] * share];
        if (j >= 0) {
          put(j, moved(player.scales().at(player.state().centers[j]), step));
        } else {
          cross = moved(cross, step);
          draw();
        }
      } else if (j >= 0 && (event.key === "Delete" || event.key === "Backspace")) remove(j);
      else if (painting && event.key === "Enter" && !onButton) paint(cross, DROP);
      else if (event.key.toLowerCase() === "a") addFarthest();
      else if (event.key.toLowerCase() === "w") search("worst");
      else return false;
      return true;
    }

    return {
      tools: tools, tally: tally, rows: counted, key: key, draw: draw,
      keys: [
        ["a", "add a centroid"], ["w", "worst start"],
        ["tab", "to a centroid"], ["arrows", "move it, farther with shift"], ["delete", "remove it"],
        ["enter", "paint at the cross, which arrows move"]
      ]
    };
  };
})(globalThis);
