"use strict";
// The page is complete without this: it adds sorting and filtering to the tables of tools, and opens everything on paper.
(() => {
  const sortable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, column, kind) => {
      const cell = row.cells[column];
      const text = cell.dataset.v ?? cell.textContent.trim();
      return kind === "number" ? Number(text) : text.toLowerCase();
    };
    heads.forEach((head, column) => {
      const kind = head.dataset.sort;
      if (!kind) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = kind === "number" ? head.ariaSort === "descending" : head.ariaSort !== "ascending";
        const keyed = [...body.rows].map((row) => [value(row, column, kind), row]);
        keyed.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0) * (up ? 1 : -1));
        body.append(...keyed.map(([, row]) => row));
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
      });
    });
  };

  const filterable = (table, bar) => {
    const words = bar.querySelector("input");
    const effect = bar.querySelector("select");
    const status = bar.querySelector("[role=status]");
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, [0, 3, 4].map((at) => row.cells[at].textContent).join(" ").toLowerCase()]));
    const apply = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const fits = (!effect.value || row.dataset.effect === effect.value) && wanted.every((word) => texts.get(row).includes(word));
        row.hidden = !fits;
        shown += fits;
      }
      status.textContent = `${shown} of ${rows.length} shown`;
    };
    words.addEventListener("input", apply);
    effect.addEventListener("change", apply);
    bar.hidden = false;
    apply();
  };

  for (const table of document.querySelectorAll("table.tools")) {
    sortable(table);
    filterable(table, table.parentElement.querySelector(".filter"));
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
