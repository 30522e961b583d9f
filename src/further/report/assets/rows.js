/* Every number opens the rows that it is made of.
 *
 * The page holds its rows once, in .row-store. Whatever has data-rows ("3,17,22", places in the
 * store) shows them in a dialog, on a click or on Enter; marks of charts are handed to
 * further.rows.link, and a button with data-bar opens what the mark of that number in its chart does.
 *
 * Where the first column is "pictures", a row is not a line of values but a figure: each of its
 * pictures is [sheet, number], a tile of the image that has that data-sheet; a page whose pictures
 * are others puts what draws them in the place of further.rows.draw.
 */
(function (root) {
  "use strict";
  var document = root.document, found;

  function store() {
    if (found === undefined) {
      var element = document.querySelector(".row-store");
      found = element && {
        dialog: element.querySelector("dialog"),
        content: JSON.parse(element.querySelector("script").textContent)
      };
    }
    return found;
  }

  function node(name, text) {
    var element = document.createElement(name);
    if (text !== undefined) element.textContent = text === null ? "–" : String(text);
    return element;
  }

  function table(content, places) {
    var whole = node("table"), head = node("tr");
    content.head.forEach(function (name) {
      var heading = node("th", name);
      heading.scope = "col";
      head.append(heading);
    });
    whole.append(head);
    places.forEach(function (place) {
      var line = node("tr");
      content.head.forEach(function (name) { line.append(node("td", content.data[name][place])); });
      whole.append(line);
    });
    return whole;
  }

  /* One picture of a sheet; null where the page was made too small to hold it. */
  function tile(one, told) {
    var name = one[0], number = one[1];
    var sheet = Array.from(document.querySelectorAll("img[data-sheet]")).find(function (image) {
      return image.dataset.sheet === name;
    });
    if (!sheet) return null;
    var size = sheet.dataset.tile.split(",").map(Number), wide = size[0], high = size[1], gap = size[2];
    var columns = Math.round((sheet.naturalWidth + gap) / (wide + gap));
    var left = number % columns * (wide + gap), top = Math.floor(number / columns) * (high + gap);
    if (top + high > sheet.naturalHeight) return null;
    var picture = node("canvas");
    picture.width = wide;
    picture.height = high;
    picture.className = wide < 96 ? "pixelated" : "";
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", told);
    picture.getContext("2d").drawImage(sheet, left, top, wide, high, 0, 0, wide, high);
    return picture;
  }

  function gallery(content, places) {
    var whole = node("div");
    whole.className = "gallery";
    places.forEach(function (place) {
      var told = content.data.what[place], figure = node("figure");
      content.data.pictures[place].forEach(function (one) {
        var picture = root.further.rows.draw(one, told);
        if (picture) figure.append(picture);
      });
      if (!figure.childElementCount) return;
      figure.append(node("figcaption", told));
      whole.append(figure);
    });
    return whole;
  }

  /* Shows rows of the store; count is how many there are where not all are named. */
  function open(places, title, count) {
    if (!store() || !places.length) return;
    var content = found.content, drawn = content.head[0] === "pictures";
    var shown = (drawn ? gallery : table)(content, places);
    var n = drawn ? shown.childElementCount : places.length;
    var unit = (drawn ? content.data.pictures[places[0]].length > 1 ? " pair" : " picture" : " row") + (n === 1 ? "" : "s");
    found.dialog.querySelector("h2").textContent = title + " · " + (count && count > n ? n + " of " + count : n) + unit;
    found.dialog.querySelector(".scroll").replaceChildren(shown);
    found.dialog.showModal();
  }

  /* Lets the marks of a chart open their rows: mark i those that data[i] names. */
  function link(svg, data, title) {
    if (!store()) return;
    svg.querySelectorAll(".opening > *").forEach(function (mark, i) {
      var row = data[i].row, places = data[i].rows || (row === null || row === undefined ? [] : [row]);
      if (!places.length) return;
      mark.classList.add("opens");
      mark.addEventListener("click", function () { open(places, title(data[i]), data[i].count); });
    });
  }

  document.addEventListener("click", function (event) {
    var element = event.target.closest("[data-rows]"), bar = event.target.closest("[data-bar]");
    if (element) open(element.dataset.rows.split(",").map(Number), element.dataset.title, +element.dataset.count);
    else if (bar) {
      bar.closest("figure").querySelectorAll(".opening > *")[+bar.dataset.bar]
        .dispatchEvent(new root.MouseEvent("click"));
    }
    /* Beside the dialog is its own backdrop. */
    else if (event.target.matches(".row-store dialog")) event.target.close();
  });

  root.further = root.further || {};
  root.further.rows = { open: open, link: link, draw: tile };
})(globalThis);
