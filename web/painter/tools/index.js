/** The registry of tools. A new tool is a module of its own and a line here. */

import { Brush } from "./brush.js";
import { Eraser } from "./eraser.js";
import { Fill } from "./fill.js";
import { Hand } from "./hand.js";
import { Lasso } from "./lasso.js";
import { Line } from "./line.js";
import { Picker } from "./picker.js";
import { Rectangle } from "./rectangle.js";

/**
 * All tools by their id, in the order of the toolbar. The static fields of a tool:
 *
 * - `id`: its name in the code and in the page.
 * - `key`: the letter that chooses it, in lower case.
 * - `title`: the tooltip of its button, with the key.
 * - `icon`: the outline of its icon, an SVG path on a grid of 24 by 24.
 * - `paintsClass`: whether it paints the chosen class. Choosing a class changes any other tool to the brush.
 * - `showsBrush`: whether the pointer shows the outline of the brush.
 *
 * @type {Map<string, typeof import("./tool.js").Tool>}
 */
export const TOOLS = new Map(
    [Brush, Eraser, Line, Rectangle, Lasso, Fill, Picker, Hand].map((tool) => [tool.id, tool]));

const BY_KEY = new Map([...TOOLS.values()].map(({ key, id }) => [key, id]));

/** @returns {string | undefined} the id of the tool that a key chooses */
export const toolForKey = (key) => BY_KEY.get(key);

/** One instance of every tool for a painter, by id. */
export const createTools = (painter) => new Map([...TOOLS].map(([id, Kind]) => [id, new Kind(painter)]));
