"""Opens a page in a browser and listens to what it complains of and asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# The least contrast of all texts that are seen, by the rule of WCAG 2.
CONTRAST = """() => {
  const parts = color => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = color => {
    const [r, g, b] = parts(color).slice(0, 3).map(c => {
      c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor, [, , , alpha] = parts(color);
      if (color.startsWith("rgb") && alpha !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  let least = [21, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, words = walker.currentNode.data.trim();
    if (!words || !element.checkVisibility()) continue;
    if (element.closest("script, style, noscript")) continue;
    const style = getComputedStyle(element);
    const color = element.closest("svg") ? style.fill : style.color;
    if (!color.startsWith("rgb")) continue;
    const [a, b] = [light(color), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least[0]) least = [ratio, words.slice(0, 40) + " " + color];
  }
  return least;
}"""


def opened(browser: Any, report: Path, **options: Any) -> tuple[Any, list[str], list[str]]:
    page = browser.new_context(**options).new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_timeout(150)
    return page, complaints, [url for url in requests if not url.startswith("data:")]
