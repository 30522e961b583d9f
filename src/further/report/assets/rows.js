/* Every number opens the rows that it is made of.
 *
 * The page holds its rows once, in .row-store. Whatever has data-rows ("3,17,22", places in the
 * store) shows them in a dialog, on a click or on Enter; charts call further.rows.open.
 */
(function (root) {
  "use strict";
  var document = root.document;

  function store() {
    var element = document.querySelector(".row-store");
    if (!element) return null;
    return {
      dialog: element.querySelector("dialog"),
      content: JSON.parse(element.querySelector("script").textContent)
    };
  }

  function cell(name, text) {
    var element = document.createElement(name);
    element.textContent = text === null || text === undefined ? "–" : String(text);
    return element;
  }

  /* Shows rows of the store; count is how many there are where not all are named. */
  function open(places, title, count) {
    var found = store();
    if (!found || !places.length) return;
    var table = document.createElement("table"), head = document.createElement("tr");
    found.content.head.forEach(function (name) {
      var heading = cell("th", name);
      heading.scope = "col";
      head.append(heading);
    });
    table.append(head);
    places.forEach(function (place) {
      var line = document.createElement("tr");
      found.content.head.forEach(function (name) { line.append(cell("td", found.content.data[name][place])); });
      table.append(line);
    });
    var shown = count && count > places.length ? places.length + " of " + count + " rows" : places.length + (places.length === 1 ? " row" : " rows");
    found.dialog.querySelector("h2").textContent = title + " · " + shown;
    found.dialog.querySelector(".scroll").replaceChildren(table);
    found.dialog.showModal();
  }

  document.addEventListener("click", function (event) {
    var element = event.target.closest("[data-rows]");
    if (element) open(element.dataset.rows.split(",").map(Number), element.dataset.title, +element.dataset.count);
    /* Beside the dialog is its own backdrop. */
    else if (event.target.matches(".row-store dialog")) event.target.close();
  });

  root.further = root.further || {};
  root.further.rows = { open: open, available: function () { return store() !== null; } };
})(globalThis);
