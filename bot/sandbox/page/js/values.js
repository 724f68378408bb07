// What a person has typed or chosen in the blocks of one message, modal or home, in the shape of
// Slack's `state.values`, and what an input block asks of it.

export class Values {
  /** block_id → action_id → {type, value | selected_option | …} */
  #kept = new Map();

  get(blockId, actionId) {
    return this.#kept.get(blockId)?.get(actionId);
  }

  set(blockId, actionId, value) {
    if (!this.#kept.has(blockId)) this.#kept.set(blockId, new Map());
    this.#kept.get(blockId).set(actionId, value);
  }

  /** Forgets what no longer stands in `blocks`: Slack keeps a value only with its ids. */
  keepOnly(blocks) {
    const ids = new Set((blocks ?? []).map((block) => block.block_id));
    for (const id of this.#kept.keys()) if (!ids.has(id)) this.#kept.delete(id);
  }

  toState() {
    const state = {};
    for (const [blockId, actions] of this.#kept) state[blockId] = Object.fromEntries(actions);
    return state;
  }
}

const EMPTY = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** The part of a stored value that holds the answer, or null. */
export function answerOf(value) {
  if (!value) return null;
  const key = Object.keys(value).find((name) => name !== "type");
  return key ? value[key] : null;
}

function emptyRichText(value) {
  return !JSON.stringify(value ?? "").includes('"text":') && !JSON.stringify(value ?? "").includes('"emoji"');
}

const CHECKS = {
  email_text_input: (text) => (/^[^\s@]+@[^\s@]+$/.test(text) ? null : "Please enter a valid email address."),
  url_text_input: (text) => (/^https?:\/\/\S+$/i.test(text) && URL.canParse(text) ? null : "Please enter a valid URL."),
  number_input: checkNumber,
  plain_text_input: checkLength,
};

/** @returns {string|null} the sentence that stands under the field, or null when all is well. */
export function validate(block, value) {
  const element = block.element ?? {};
  const answer = answerOf(value);
  const empty = EMPTY(answer) || (element.type === "rich_text_input" && emptyRichText(answer));
  if (empty) return block.optional ? null : "Please complete this required field.";
  return CHECKS[element.type]?.(String(answer), element) ?? null;
}

function checkLength(text, element) {
  if (element.min_length && text.length < element.min_length) return `Must be at least ${element.min_length} characters long.`;
  if (element.max_length && text.length > element.max_length) return `Must be at most ${element.max_length} characters long.`;
  return null;
}

function checkNumber(text, element) {
  const pattern = element.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text)) return element.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  if (element.min_value != null && Number(text) < Number(element.min_value)) return `Must be ${element.min_value} or more.`;
  if (element.max_value != null && Number(text) > Number(element.max_value)) return `Must be ${element.max_value} or less.`;
  return null;
}
