// Sliders that work without a kernel: each figure has a picture for every step, drawn when the site was made.

for (const figure of document.querySelectorAll(".explore")) {
    const sliders = [...figure.querySelectorAll("input")];
    const names = [...figure.querySelectorAll("label span")].map((span) => span.textContent);
    const labels = sliders.map((slider) => JSON.parse(slider.dataset.labels));
    const picture = figure.querySelector("img");
    const start = { places: sliders.map((slider) => slider.value).join("-"), alt: picture.alt };

    const update = () => {
        const chosen = sliders.map((slider, i) => labels[i][slider.value]);
        sliders.forEach((slider, i) => {
            slider.setAttribute("aria-valuetext", chosen[i]);
            slider.nextElementSibling.textContent = chosen[i];
        });
        const places = sliders.map((slider) => slider.value).join("-");
        const state = names.map((name, i) => `${name} ${chosen[i]}`).join(", ");
        picture.src = `${figure.dataset.folder}/${places}.png`;
        picture.alt = places === start.places ? start.alt : `The figure at ${state}. At its start: ${start.alt}`;
    };
    sliders.forEach((slider) => slider.addEventListener("input", update));
}

// What scrolls can be reached with the keyboard, and only that.
const markScrolled = () => {
    for (const box of document.querySelectorAll(".scroll, .table-wrapper, div.highlight pre, .cell_output .output")) {
        if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
};
addEventListener("load", markScrolled);
addEventListener("resize", markScrolled);
