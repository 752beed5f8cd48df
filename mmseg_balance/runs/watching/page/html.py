"""The page before its script has filled it."""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mmseg-balance watch</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script type="module" src="polling.js"></script>
</head>
<body>
<p id="gone" class="banner" role="alert" hidden></p>
<nav id="runs" aria-label="Runs" hidden></nav>
<main>
<h1 id="name">reading ...</h1>
<p id="folder"></p>
<section id="progress" aria-live="polite">
<p><strong id="state"></strong> <span id="position"></span></p>
<progress id="bar" max="1" value="0"></progress>
<p id="times"></p>
<ul id="notes"></ul>
</section>
<section id="losses-part" hidden>
<h2>Losses</h2><div id="losses" class="charts"></div></section>
<section id="scores-part" hidden>
<h2>Validation</h2><div id="scores" class="charts"></div></section>
<section id="pictures-part" hidden>
<h2>Latest pictures</h2><div id="pictures"></div>
<p id="more-pictures"></p></section>
<section id="classes-part" hidden>
<h2>Classes</h2><div id="classes"></div></section>
<section id="others-part" hidden>
<details><summary><h2>Other values</h2></summary>
<div id="others" class="charts"></div></details></section>
</main>
</body>
</html>
"""
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M1 3c4 0 4 9 14 10" fill="none" stroke="#0072B2" '
    'stroke-width="2.5"/></svg>'
)
