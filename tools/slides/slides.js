// Set the formulas, make every slide fit its frame, then start reveal.js. Loaded before MathJax.

const WIDTH = 1280;
const HEIGHT = 720;
const SIZES = [26, 25, 24, 23, 22, 21, 20]; // of the text, in px
const USUAL = 24;
const GROWTH = 1.5; // a picture is drawn at most so much larger than it is stored

window.MathJax = {
  tex: { inlineMath: [["$", "$"]], processEscapes: true },
  options: { enableMenu: false, ignoreHtmlClass: "slides", processHtmlClass: "jp-RenderedMarkdown" },
  svg: { fontCache: "global" },
  startup: { typeset: false },
};

// A picture shrinks with the text around it, by twice as much, as it can be read at a smaller size.
function sizePictures(slide, size) {
  for (const picture of slide.querySelectorAll("img")) {
    const scale = Math.min(1, 1 - 1.2 * (1 - size / USUAL));
    picture.style.width = `${Math.round(scale * picture.naturalWidth)}px`;
  }
}

function growPictures(slide) {
  const pictures = [...slide.querySelectorAll("img")].filter((p) => !p.closest(".notes"));
  for (const picture of pictures) {
    const free = (HEIGHT - slide.offsetHeight) / pictures.length;
    const wider = (free * picture.naturalWidth) / picture.naturalHeight;
    const width = Math.min(picture.offsetWidth + Math.floor(wider), GROWTH * picture.naturalWidth);
    picture.style.width = `${Math.max(picture.offsetWidth, width)}px`;
  }
}

function wrapsCode(slide) {
  return [...slide.querySelectorAll("pre")].some((code) => {
    const lines = code.textContent.trimEnd().split("\n").length;
    return code.offsetHeight > (lines + 0.9) * parseFloat(getComputedStyle(code).lineHeight);
  });
}

// The largest size at which all is on the slide, and above the usual one only where no line of code breaks.
function fit(slide) {
  for (const size of SIZES) {
    slide.style.fontSize = `${size}px`;
    sizePictures(slide, size);
    if (slide.offsetHeight <= HEIGHT && (size <= USUAL || !wrapsCode(slide))) break;
  }
  growPictures(slide);
}

// The speaker view takes a note with its own styles only, and has a narrow column for it.
function styleNotes() {
  for (const code of document.querySelectorAll("aside.notes pre")) {
    code.style.cssText = "font: 13px monospace; white-space: pre-wrap";
  }
}

// Resolves when everything on the slides has its final shape, so that it can be measured.
window.drawn = new Promise((resolve) => {
  window.addEventListener("load", async () => {
    await MathJax.startup.promise;
    await MathJax.typesetPromise();
    await document.fonts.ready;
    resolve();
  });
});

// With ?measure (tools/mark_slides.py) the page stays as it is: one long column.
if (window.location.search !== "?measure") {
  window.started = window.drawn.then(async () => {
    document.querySelectorAll(".slides > section > section").forEach(fit);
    styleNotes();
    document.body.classList.remove("fitting");
    const options = { width: WIDTH, height: HEIGHT, margin: 0.02, center: false, hash: true };
    await Reveal.initialize({ ...options, transition: "none", slideNumber: "c/t", plugins: [RevealNotes] });
  });
}
