// The playground: a text as coloured tokens, and one word merged step by step. It fills <div id="playground">.
"use strict";

(() => {
  const root = document.getElementById("playground");
  if (!root) return;

  const MOST = 1000; // tokens that are drawn; all of them are counted
  const LONG = 20000; // a text of more characters is not encoded by all vocabularies as one types
  const START = "Unbelievable: 12345 umbrellas, всё хорошо";
  const EXAMPLES = {
    English: "The tokenizer cuts an unbelievable sentence into pieces that it knows.",
    Code: "def mean(values):\n    return sum(values) / len(values)  # of 1 or more\n",
    Languages: "Good morning! Guten Morgen! おはようございます! सुप्रभात! Доброе утро! صباح الخير",
    Emoji: "One face 🙂, one family 👩‍👩‍👧, one flag 🇮🇹, and naïve café",
    Numbers: "1 12 123 1234 12345 3.14159 2,000,000 1e-8",
    Spaces: "one  two    four\n\n\tand a tab at the end\t",
  };
  const MARKS = { " ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍" };

  root.classList.add("playground");
  root.innerHTML = `
    <label for="pg-text">Type or paste a text (it stays in your browser)</label>
    <textarea id="pg-text" rows="4" spellcheck="false" autocomplete="off"></textarea>
    <div class="pg-row" id="pg-examples" role="group" aria-label="Examples of texts"></div>
    <fieldset><legend>Vocabulary (and its size)</legend><div class="pg-row" id="pg-vocabularies"></div></fieldset>
    <dl id="pg-counts">
      <div><dt>tokens</dt><dd data-count="tokens"></dd></div>
      <div><dt>characters</dt><dd data-count="characters"></dd></div>
      <div><dt>bytes</dt><dd data-count="bytes"></dd></div>
      <div><dt>bytes a token</dt><dd data-count="ratio"></dd></div>
    </dl>
    <p id="pg-note" role="status"></p>
    <div id="pg-tokens" role="listbox" tabindex="0" aria-label="Tokens of the text" aria-describedby="pg-detail"></div>
    <p id="pg-detail" aria-live="polite"></p>
    <details><summary>All ids</summary><code id="pg-ids" tabindex="0"></code></details>

    <h3>One word, merge by merge</h3>
    <p>A word starts as single bytes. Each step merges the two neighbours with the lowest rank, the pair that
    was learned first. Between two pieces stands their rank, or – if
    they are never merged.</p>
    <label for="pg-word">Word (most words start with a space)</label>
    <input id="pg-word" type="text" maxlength="60" spellcheck="false" autocomplete="off" autocapitalize="off">
    <p id="pg-word-note" role="status"></p>
    <ol id="pg-pieces" aria-label="Pieces of the word"></ol>
    <div class="pg-row pg-walk">
      <button type="button" id="pg-back">Back</button>
      <button type="button" id="pg-next">Next merge</button>
      <label>Step <input id="pg-step" type="range" min="0" value="0"></label>
    </div>
    <p id="pg-state" aria-live="polite"></p>`;

  const part = (name) => root.querySelector(`#pg-${name}`);
  const [text, tokens, detail, word, slider] = ["text", "tokens", "detail", "word", "step"].map(part);
  const loaded = new Map(); // the tokenizers so far, and where the page says how many tokens each makes
  let tokenizer = null;
  let label = "";
  let encoded = []; // the tokens of the text
  let states = []; // of the word
  let here = 0; // the token that the arrow keys have reached

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const number = (value) => value.toLocaleString("en");
  const several = (count, name) => `${number(count)} ${name}${count === 1 ? "" : "s"}`;

  // ---- how a token is shown ----

  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const hex = (bytes) => [...bytes].map((byte) => byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")).join(" ");

  /** The text of a token, or null where it is a part of a character. */
  const decoded = (bytes) => {
    try {
      return decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    } catch {
      return null;
    }
  };

  /** A token that one can see: spaces as signs, what is invisible as U+ numbers, a part of a character as bytes. */
  const visible = (bytes) => {
    const said = decoded(bytes);
    if (said === null) return `‹${hex(bytes)}›`;
    const one = (c) =>
      MARKS[c] ?? (/[\p{C}\p{Z}]/u.test(c) ? `‹U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›` : c);
    const marked = Array.from(said, one).join("");
    return /^\p{M}/u.test(said) ? `◌${marked}` : marked;
  };

  /** A coloured box with a token. A line end in it ends the line on the page too. */
  const box = (name, bytes, n) => {
    const made = element(name, { className: `pg-token pg-colour-${n % 5}` });
    const said = visible(bytes);
    if (decoded(bytes) === null) made.classList.add("pg-part");
    if (said.length > 16 || said.includes("↵")) made.classList.add("pg-run");
    said.split("↵").forEach((line, at) => made.append(...(at ? ["↵", element("br"), line] : [line])));
    return made;
  };

  // ---- the text ----

  const point = (at, moved = false) => {
    tokens.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    const shown = tokens.querySelector(`#pg-token-${at}`);
    if (!shown) return;
    here = at;
    shown.setAttribute("aria-selected", "true");
    tokens.setAttribute("aria-activedescendant", shown.id);
    if (moved) shown.scrollIntoView({ block: "nearest" });
    const { id, bytes, word: whole } = encoded[at];
    const what = decoded(bytes) === null ? "a part of a character" : `“${visible(bytes)}”`;
    const way = whole === null ? "" : " Click, or press Enter, to take its word apart below.";
    detail.textContent = `Token ${number(at + 1)} of ${number(encoded.length)}: ${what}, id ${id}, ${several(bytes.length, "byte")}: ${hex(bytes)}.${way}`;
  };

  const drawText = () => {
    const whole = text.value.toWellFormed();
    encoded = tokenizer.encode(whole);
    const bytes = encoded.reduce((sum, token) => sum + token.bytes.length, 0);
    const counts = {
      tokens: number(encoded.length),
      characters: number(Array.from(whole).length),
      bytes: number(new TextEncoder().encode(whole).length),
      ratio: encoded.length ? (bytes / encoded.length).toFixed(2) : "–",
    };
    for (const [name, value] of Object.entries(counts)) root.querySelector(`[data-count=${name}]`).textContent = value;
    const notes = [];
    if (whole !== text.value) notes.push("The text holds half a character (a lone surrogate), which is no text. It is replaced by U+FFFD, �.");
    if (tokenizer.normal(whole) !== whole) notes.push(`${label} first brings the text into the form ${tokenizer.forms}, which changes it.`);
    if (encoded.length > MOST) notes.push(`The first ${number(MOST)} tokens are drawn; all ${number(encoded.length)} are counted.`);
    part("note").textContent = notes.join(" ");
    const drawn = encoded.slice(0, MOST).map(({ bytes: token }, n) => {
      const made = box("span", token, n);
      made.id = `pg-token-${n}`;
      made.role = "option";
      made.ariaSelected = "false";
      return made;
    });
    tokens.replaceChildren(...drawn);
    tokens.removeAttribute("aria-activedescendant");
    here = -1;
    part("ids").textContent = encoded.map((token) => token.id).join(" ");
    detail.textContent = "Point at a token, or move with the arrow keys, to see its id and its bytes.";
    setTimeout(compare, 0, whole);
  };

  /** How many tokens each vocabulary makes that is loaded, of a text that is not too long for all of them. */
  const compare = (whole) => {
    for (const [other, said] of loaded) {
      if (other === tokenizer) said.textContent = several(encoded.length, "token");
      else said.textContent = whole.length > LONG ? "" : several(other.encode(whole).length, "token");
    }
  };

  // ---- the word ----

  const drawStep = () => {
    const at = Number(slider.value);
    const { tokens: pieces, ranks, best } = states[at];
    const rank = (n) => (n < ranks.length ? (ranks[n] === Infinity ? "–" : number(ranks[n])) : "");
    part("pieces").replaceChildren(
      ...pieces.map((piece, n) => {
        const item = element("li", {}, box("span", piece, n));
        if (n < ranks.length) item.append(element("span", { className: n === best ? "pg-rank pg-best" : "pg-rank", textContent: rank(n) }));
        return item;
      }),
    );
    const said = [`Step ${at} of ${states.length - 1}: ${several(pieces.length, "piece")}.`];
    if (at > 0) {
      const before = states[at - 1];
      const [left, right] = before.tokens.slice(before.best, before.best + 2);
      const made = left + right;
      said.push(`“${visible(left)}” and “${visible(right)}” became “${visible(made)}”, id ${tokenizer.id(made)}, by the merge of rank ${number(before.ranks[before.best])}.`);
    }
    if (best >= 0) said.push(`Next: “${visible(pieces[best])}” and “${visible(pieces[best + 1])}”, rank ${rank(best)}, the lowest.`);
    else said.push(`No two neighbours can be merged: these are the tokens, ids ${pieces.map((piece) => tokenizer.id(piece)).join(", ")}.`);
    part("state").textContent = pieces.length ? said.join(" ") : "Type a word.";
    slider.setAttribute("aria-valuetext", `${at} of ${states.length - 1}`);
    part("back").ariaDisabled = String(at === 0);
    part("next").ariaDisabled = String(at === states.length - 1);
  };

  const drawWord = () => {
    const pretokens = tokenizer.cut(tokenizer.normal(word.value.toWellFormed()));
    const [first = ""] = pretokens;
    part("word-note").textContent =
      pretokens.length > 1 ? `${label} cuts this into ${pretokens.length} pre-tokens, and merges each by itself. The first is “${first}”.` : "";
    states = tokenizer.steps(first);
    slider.max = states.length - 1;
    slider.value = 0;
    drawStep();
  };

  const walk = (steps) => {
    slider.value = Number(slider.value) + steps;
    drawStep();
  };

  const takeApart = () => {
    if (!encoded[here] || encoded[here].word === null) return;
    word.value = encoded[here].word;
    drawWord();
    part("state").scrollIntoView({ block: "nearest" });
  };

  // ---- what the reader does ----

  const choose = async ({ name, label: called, bytes, said }) => {
    part("note").textContent = `Loading ${called}: ${(bytes / 1e6).toFixed(1)} MB`;
    try {
      const chosen = await textToTensors.tokenizer(name);
      loaded.set(chosen, said);
      if (root.querySelector("input[name=pg-vocabulary]:checked").value !== name) return; // another was chosen
      tokenizer = chosen;
      label = called;
      drawText();
      drawWord();
    } catch (error) {
      part("note").textContent = `${called} is not here: ${error.message}.`;
    }
  };

  const oncePerFrame = (draw) => {
    let waiting = false;
    return () => {
      if (waiting || !tokenizer) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw();
      });
    };
  };

  const move = (event) => {
    const last = Math.min(encoded.length, MOST) - 1;
    const to = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      point(Math.max(0, Math.min(to, last)), true);
    } else if (event.key === "Enter") takeApart();
  };

  const pointed = (event) => {
    const shown = event.target.closest("[role=option]");
    if (shown) point(Number(shown.id.replace("pg-token-", "")));
    return shown;
  };

  text.addEventListener("input", oncePerFrame(drawText));
  word.addEventListener("input", oncePerFrame(drawWord));
  slider.addEventListener("input", drawStep);
  part("back").addEventListener("click", () => walk(-1));
  part("next").addEventListener("click", () => walk(1));
  tokens.addEventListener("keydown", move);
  tokens.addEventListener("focus", () => point(Math.max(0, here)));
  tokens.addEventListener("mouseover", pointed);
  tokens.addEventListener("click", (event) => pointed(event) && takeApart());

  for (const [name, example] of Object.entries(EXAMPLES)) {
    const button = element("button", { type: "button", textContent: name });
    button.addEventListener("click", () => {
      text.value = example;
      if (tokenizer) drawText();
    });
    part("examples").append(button);
  }
  text.value = START;
  word.value = " unbelievable";

  const start = async () => {
    try {
      const vocabularies = await textToTensors.vocabularies();
      for (const vocabulary of vocabularies) {
        const radio = element("input", { type: "radio", name: "pg-vocabulary", value: vocabulary.name });
        vocabulary.said = element("small");
        radio.addEventListener("change", () => choose(vocabulary));
        part("vocabularies").append(element("label", {}, radio, ` ${vocabulary.label} (${number(vocabulary.tokens)}) `, vocabulary.said));
      }
      root.querySelector("input[name=pg-vocabulary]").checked = true;
      await choose(vocabularies[0]);
    } catch (error) {
      part("note").textContent = `The vocabularies are not here: ${error.message}.`;
    }
  };
  start();
})();
