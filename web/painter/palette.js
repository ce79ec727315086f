/** The classes to paint with: the chosen one, a search field, the recent ones, and all of them. */

import { element } from "./elements.js";

const RECENT = 6;

export class Palette {
    /** @param {(id: number) => void} onChoose called when the user clicks a class */
    constructor(onChoose) {
        this.onChoose = onChoose;
        this.recent = [];
        this.current = element("div.current");
        this.search = element("input.search", {
            type: "search", placeholder: "Search classes", oninput: () => this._filter(), spellcheck: false,
            onkeydown: (event) => this._onKey(event),
        });
        this.search.setAttribute("aria-label", "Search classes");
        this.recentRow = element("div.recent");
        this.list = element("div.list", { attributes: { role: "listbox", "aria-label": "Classes" } });
        this.element = element("div.palette", {}, this.current, this.search, this.recentRow, this.list);
    }

    /** @param {import("./taxonomy.js").Taxonomy} taxonomy whose classes are offered from now on */
    setTaxonomy(taxonomy) {
        this.taxonomy = taxonomy;
        this.recent = [];
        this.search.value = "";
        const order = taxonomy.names.map((name, id) => id);
        // People look up classes in a long list by name. Short lists keep the order of a landscape, from the sky down.
        if (order.length > 40) order.sort((a, b) => taxonomy.names[a].localeCompare(taxonomy.names[b]));
        this.chips = new Map(order.map((id) => [id, this._chip(id)]));
        this.list.replaceChildren(...this.chips.values());
    }

    /** Marks a class as the chosen one. */
    choose(id) {
        this.recent = [id, ...this.recent.filter((other) => other !== id)].slice(0, RECENT);
        const { names, css } = this.taxonomy;
        this.current.replaceChildren(element("span.swatch"), element("span.name", { textContent: names[id] }));
        this.current.firstChild.style.background = css[id];
        this.current.title = `Painting ${names[id]}`;
        this.recentRow.replaceChildren(...this.recent.map((other) => {
            const swatch = element("button.swatch", {
                type: "button", title: names[other], tabIndex: -1, onclick: () => this.onChoose(other) });
            swatch.style.background = css[other];
            return swatch;
        }));
        for (const [other, chip] of this.chips) chip.setAttribute("aria-selected", String(other === id));
        this._reveal(this.chips.get(id));
    }

    /** Scrolls to a chip within the list only: scrollIntoView would move the graph as well. */
    _reveal({ offsetTop, offsetHeight }) {
        const { scrollTop, clientHeight } = this.list;
        const lowest = offsetTop + offsetHeight - clientHeight;
        this.list.scrollTop = Math.min(offsetTop, Math.max(scrollTop, lowest));
    }

    _chip(id) {
        const name = this.taxonomy.names[id];
        const chip = element(
            "button.chip", { type: "button", title: name, tabIndex: -1, onclick: () => this.onChoose(id) },
            element("span.swatch"), element("span.name", { textContent: name }));
        chip.setAttribute("role", "option");
        chip.firstChild.style.background = this.taxonomy.css[id];
        return chip;
    }

    _filter() {
        const wanted = this.search.value.trim().toLowerCase();
        for (const [id, chip] of this.chips) chip.hidden = !this.taxonomy.names[id].toLowerCase().includes(wanted);
    }

    _onKey(event) {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        const found = [...this.chips].find(([, chip]) => !chip.hidden);
        if (event.key === "Enter" && found) this.onChoose(found[0]);
        this.search.value = "";
        this._filter();
        this.search.blur();
    }
}
