// Byte-level BPE in the browser: the ids of helpers/bpe, from the data of tools/playground_data.py.
// Bytes are kept as strings of characters 0 to 255, so that a Map can look them up.
"use strict";

const textToTensors = (() => {
  const NO_RANK = Infinity;
  const KNOWN = 65536; // pre-tokens whose ids are remembered, each of at most 64 characters
  const utf8 = new TextEncoder();

  const bytesOf = (text) => {
    let bytes = "";
    for (const byte of utf8.encode(text)) bytes += String.fromCharCode(byte);
    return bytes;
  };

  const escaped = (name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

  /** A heap of numbers: the smallest comes out first. */
  class Heap {
    items = [];

    push(item) {
      const { items } = this;
      let at = items.length;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (items[parent] <= item) break;
        items[at] = items[parent];
        at = parent;
      }
      items[at] = item;
    }

    pop() {
      const { items } = this;
      const [first] = items;
      const item = items.pop();
      if (items.length === 0) return first;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child + 1 < items.length && items[child + 1] < items[child]) child += 1;
        if (child >= items.length || items[child] >= item) break;
        items[at] = items[child];
        at = child;
      }
      items[at] = item;
      return first;
    }
  }

  /** Finds added tokens: the longest of those that start at one place. A special one stays ordinary text. */
  class Finder {
    constructor(added) {
      this.ids = new Map(added.map(([name, id]) => [name, id]));
      const names = [...this.ids.keys()].sort((a, b) => b.length - a.length);
      this.pattern = names.length ? new RegExp(names.map(escaped).join("|"), "gu") : null;
    }

    /** The parts of `text` in order: ordinary text as it is, and what was found as {name, id}. */
    split(text) {
      const parts = [];
      let at = 0;
      for (const found of this.pattern ? text.matchAll(this.pattern) : []) {
        const [name] = found;
        const id = this.ids.get(name);
        if (id === null) continue;
        parts.push(text.slice(at, found.index), { name, id });
        at = found.index + name.length;
      }
      return [...parts, text.slice(at)];
    }
  }

  class Tokenizer {
    constructor({ first, bytes, merges, cuts, forms = [], unknown = null, added = [] }) {
      this.first = first;
      this.tokens = [...atob(bytes)];
      const packed = atob(merges);
      const place = (at) =>
        (packed.charCodeAt(at) << 16) | (packed.charCodeAt(at + 1) << 8) | packed.charCodeAt(at + 2);
      for (let at = 0; at < packed.length; at += 6) {
        this.tokens.push(this.tokens[place(at)] + this.tokens[place(at + 3)]);
      }
      this.places = new Map(this.tokens.map((token, place) => [token, place]));
      this.cuts = cuts.map((cut) => new RegExp(cut, "gu"));
      this.forms = forms;
      this.unknown = unknown && new RegExp(`(${unknown}+)`, "u");
      const isLate = ([, , late]) => late;
      this.early = new Finder(added.filter((token) => !isLate(token)));
      this.late = new Finder(added.filter(isLate).map(([name, id]) => [this.normal(name), id]));
      this.known = new Map();
    }

    /** The rank of the merge that joins two tokens: its number, from 0. */
    rank(left, right) {
      const place = this.places.get(left + right);
      return place === undefined ? NO_RANK : place - 256;
    }

    /** `text` in the normal form that the tokenizer asks for. */
    normal(text) {
      if (this.forms.length === 0) return text;
      // A browser may know newer characters than Python does; to Python those are nothing to compose.
      const parts = text.split(this.unknown);
      return parts.map((part, n) => (n % 2 ? part : this.forms.reduce((t, form) => t.normalize(form), part))).join("");
    }

    /** The pre-tokens of `text`: what a pattern finds, and what stands between. */
    cut(text) {
      let pieces = [text];
      for (const pattern of this.cuts) {
        const next = [];
        for (const piece of pieces) {
          let at = 0;
          for (const { 0: found, index } of piece.matchAll(pattern)) {
            if (index > at) next.push(piece.slice(at, index));
            if (found) next.push(found);
            at = index + found.length;
          }
          if (at < piece.length) next.push(piece.slice(at));
        }
        pieces = next;
      }
      return pieces;
    }

    /**
     * Merge the bytes of one pre-token: the pair of lowest rank first, the leftmost of equals, until no pair
     * of neighbours has a rank. `seen(tokens, at, rank)` is told each merge before it is done.
     *
     * The tokens are a linked list, and a heap holds the ranks with their places: n bytes take n log n steps.
     */
    merge(bytes, seen = null) {
      const end = bytes.length;
      const tokens = [...bytes, null]; // null: nothing stands here, or no longer
      const previous = tokens.map((_, at) => at - 1);
      const next = tokens.map((_, at) => at + 1);
      const heap = new Heap();
      const add = (left, right) => {
        if (left < 0 || right >= end) return;
        const rank = this.rank(tokens[left], tokens[right]);
        if (rank !== NO_RANK) heap.push(rank * 2 ** 32 + left);
      };
      for (let at = 0; at + 1 < end; at += 1) add(at, at + 1);
      while (heap.items.length > 0) {
        const item = heap.pop();
        const at = item % 2 ** 32;
        const rank = (item - at) / 2 ** 32;
        const gone = next[at];
        if (tokens[at] === null || gone >= end || this.rank(tokens[at], tokens[gone]) !== rank) continue;
        if (seen) seen(tokens, at, rank);
        tokens[at] += tokens[gone];
        tokens[gone] = null;
        next[at] = next[gone];
        previous[next[at]] = at;
        add(previous[at], at);
        add(at, next[at]);
      }
      return tokens.filter((token) => token !== null);
    }

    /** The tokens of one pre-token, as strings of bytes. */
    tokensOf(pretoken) {
      let tokens = this.known.get(pretoken);
      if (tokens) return tokens;
      const bytes = bytesOf(pretoken);
      tokens = this.places.has(bytes) ? [bytes] : this.merge(bytes);
      if (this.known.size >= KNOWN) this.known.clear();
      if (pretoken.length <= 64) this.known.set(pretoken, tokens);
      return tokens;
    }

    id(token) {
      return this.first + this.places.get(token);
    }

    /** The tokens of `text`: [{id, bytes, word}], where `word` is the pre-token that holds it. */
    encode(text) {
      const found = [];
      const split = (finder, texts) => texts.flatMap((part) => (part.id === undefined ? finder.split(part) : [part]));
      const early = this.early.split(text).map((part) => (part.id === undefined ? this.normal(part) : part));
      for (const part of split(this.late, early)) {
        if (part.id !== undefined) {
          found.push({ id: part.id, bytes: bytesOf(part.name), word: null });
          continue;
        }
        for (const word of this.cut(part)) {
          for (const bytes of this.tokensOf(word)) found.push({ id: this.id(bytes), bytes, word });
        }
      }
      return found;
    }

    /**
     * Every state of one pre-token: [{tokens, ranks, best}]. `ranks` has one number for each pair of
     * neighbours (Infinity where it is never merged), `best` is the pair that merges next, or -1 at the end.
     */
    steps(pretoken) {
      const states = [];
      const state = (tokens, best) => {
        const ranks = tokens.slice(1).map((token, n) => this.rank(tokens[n], token));
        states.push({ tokens, ranks, best });
      };
      const here = (tokens, at) => tokens.slice(0, at).filter((token) => token !== null).length;
      const last = this.merge(bytesOf(pretoken), (tokens, at) => {
        state(tokens.filter((token) => token !== null), here(tokens, at));
      });
      state(last, -1);
      return states;
    }
  }

  // ---- what the files in data/ call, and how they are loaded when they are asked for ----

  const folder = new URL("data/", document.currentScript.src);
  const tokenizers = new Map();
  let available = [];

  const script = (name) =>
    new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = new URL(`${name}.js`, folder);
      tag.onload = resolve;
      tag.onerror = () => reject(new Error(`${name}.js could not be loaded`));
      document.head.append(tag);
    });

  return {
    list: (vocabularies) => (available = vocabularies),
    add: (name, data) => tokenizers.set(name, new Tokenizer(data)),

    /** The vocabularies that were at hand: [{name, label, tokens, bytes}]. */
    async vocabularies() {
      if (available.length === 0) await script("list");
      return available;
    },

    /** The tokenizer of that name. Its file is loaded at the first call. */
    async tokenizer(name) {
      if (!tokenizers.has(name)) await script(name);
      return tokenizers.get(name);
    },
  };
})();
