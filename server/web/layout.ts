/** What all pages have in common: the frame, the style, and headers that let them do nothing but show text and send forms to us. */
import { createHash } from 'node:crypto'
import { type Html, html, htmlText, trusted } from '#text/html.ts'

const STYLE = `
:root { color-scheme: light dark; --text: #1c2127; --soft: #57606a; --page: #f4f5f7; --card: #fff; --line: #868e98; --accent: #0b5cad; --on-accent: #fff; --error: #a40e26; --error-back: #fdecee }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a9b1ba; --page: #14171a; --card: #1f2428; --line: #7d8590; --accent: #6cb2ff; --on-accent: #0b1520; --error: #ffb3bb; --error-back: #3d1a1f } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 24rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.25 }
p { margin: 0 0 1rem }
label { display: block; margin-bottom: .25rem; font-weight: 600 }
input { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .25rem }
button { width: 100%; padding: .625rem .75rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .25rem; cursor: pointer }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.soft { color: var(--soft) }
.error { padding: .625rem .75rem; color: var(--error); background: var(--error-back); border-left: .25rem solid var(--error) }
`

const hash = createHash('sha256').update(STYLE).digest('base64')

/** The headers of every page. A page is somebody's own: nobody keeps it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** A whole page. */
export const layout = (title: string, content: Html): string =>
  htmlText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`)
