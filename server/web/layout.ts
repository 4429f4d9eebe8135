/** The frame, the style and the headers of all pages. The headers let a page show text and send forms to this server, no more. */
import { hash } from 'node:crypto'
import { type Html, html, htmlText, trusted } from '#text/html.ts'
import type { Language, Message } from '#text/messages.ts'

const STYLE = `
:root { color-scheme: light dark; --text: #1c2127; --soft: #57606a; --page: #f4f5f7; --card: #fff; --line: #868e98; --rule: #d5d9de; --accent: #0b5cad; --on-accent: #fff; --error: #a40e26; --error-back: #fdecee; --good: #1a6334; --good-back: #e8f5ec }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a9b1ba; --page: #14171a; --card: #1f2428; --line: #7d8590; --rule: #373d44; --accent: #6cb2ff; --on-accent: #0b1520; --error: #ffb3bb; --error-back: #3d1a1f; --good: #9be0b0; --good-back: #16301f } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.25 }
h2 { margin: 2rem 0 .75rem; font-size: 1.125rem; line-height: 1.25 }
p, ul, ol { margin: 0 0 1rem }
a { color: var(--accent) }
code { font: .9375em ui-monospace, monospace }
.card > :last-child { margin-bottom: 0 }
form + p, form + form { margin-top: 1rem }
.card { width: 100%; padding: 1.5rem; background: var(--card); border: 1px solid var(--rule); border-radius: .5rem }
.alone { display: grid; place-items: center; min-height: 90vh; padding: 1rem }
.alone .card { max-width: 24rem }
.top { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .75rem 1rem; background: var(--card); border-bottom: 1px solid var(--rule) }
.top strong { flex: 1 0 auto; font-size: 1.125rem }
.top a { color: inherit; text-decoration: none }
.top form { margin: 0 }
.framed { display: grid; grid-template-columns: 14rem minmax(0, 44rem); gap: 1.5rem; justify-content: center; align-items: start; padding: 1.5rem 1rem }
nav ul { margin: 0 0 1rem; padding: 0; list-style: none }
nav a { display: block; padding: .375rem .75rem; border-radius: .25rem; text-decoration: none; color: inherit }
nav a:hover { text-decoration: underline }
nav a[aria-current] { font-weight: 600; background: var(--card); box-shadow: inset .1875rem 0 var(--accent) }
.group { margin: 0 0 .25rem; padding: 0 .75rem; font-size: .875rem; font-weight: 600; color: var(--soft) }
@media (max-width: 48rem) { .framed { grid-template-columns: minmax(0, 1fr); padding: 1rem } .card { padding: 1rem } nav summary { margin: -.25rem 0 } nav details[open] summary { margin-bottom: .5rem } }
nav summary { padding: .25rem .75rem; font-weight: 600; cursor: pointer }
@media (min-width: 48.01rem) { @supports selector(::details-content) { nav summary { display: none } nav details::details-content { content-visibility: visible } } }
label, legend { display: block; margin-bottom: .25rem; font-weight: 600 }
fieldset { margin: 0 0 1rem; padding: 0; border: 0; min-width: 0 }
input, select, textarea { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .25rem }
textarea { min-height: 6rem }
[aria-invalid=true] { border-color: var(--error) }
.check { display: grid; grid-template-columns: auto 1fr; gap: .625rem; align-items: baseline; margin-bottom: .75rem }
.check input { width: 1.125rem; height: 1.125rem; margin: 0; align-self: center }
.check label { margin: 0; font-weight: 400 }
.hint { margin: -.75rem 0 1rem; font-size: .9375rem; color: var(--soft) }
.wrong { margin: -.75rem 0 1rem; font-size: .9375rem; color: var(--error) }
.check .hint { grid-column: 2; margin: 0 }
.check .wrong { grid-column: 2; margin: 0 }
button, .button { display: inline-block; padding: .625rem 1rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .25rem; cursor: pointer; text-decoration: none }
.alone button, .way .button { width: 100% }
.way { margin: 1rem 0 0; text-align: center }
.quiet { color: var(--accent); background: none }
.danger { color: var(--error); background: none; border-color: var(--error) }
.small { padding: .25rem .625rem; font-size: .9375rem }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
fieldset .check { margin-bottom: .5rem }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.soft { color: var(--soft) }
.error, .notice { padding: .625rem .75rem; border-left: .25rem solid }
.error { color: var(--error); background: var(--error-back) }
.notice { color: var(--good); background: var(--good-back) }
.secret { display: block; padding: .75rem; margin-bottom: 1rem; border: 1px dashed var(--line); border-radius: .25rem; user-select: all }
.qr { display: block; width: 13rem; max-width: 100%; height: auto; margin-bottom: 1rem }
.codes { padding: 0; list-style: none; columns: 2 12rem }
.table { overflow-x: auto; margin-bottom: 1rem }
.table form { margin: 0 }
table { width: 100%; border-collapse: collapse; overflow-wrap: break-word }
table button { white-space: nowrap }
th, td { padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule) }
th { font-size: .9375rem; color: var(--soft) }
@media (max-width: 40rem) { table.stacked, .stacked tbody, .stacked tr, .stacked td, .stacked th[scope=row] { display: block; padding: .125rem 0; border: 0 } .stacked thead { display: none } .stacked tr { padding: .75rem 0; border-bottom: 1px solid var(--rule) } .stacked td[data-label]::before { content: attr(data-label) ": "; color: var(--soft) } }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-bottom: 1rem }
.actions form { margin: 0 }
`

/** The source expression of an inline style sheet or script: the hash of its text, so that no other inline code runs. */
export const allowed = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`

/** Permissions of a page beyond showing text and sending forms to this server. */
export interface Permits {
  /** Directives that override the default content security policy. */
  readonly policy?: Readonly<Record<string, string>>
}

const POLICY: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'style-src': allowed(STYLE),
  'form-action': "'self'",
  'frame-ancestors': "'none'",
  'base-uri': "'none'",
}

/** The headers of a page. Pages are personal, so no cache may store them. */
export const pageHeaders = ({ policy = {} }: Permits = {}): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': Object.entries({ ...POLICY, ...policy })
    .map((directive) => directive.join(' '))
    .join('; '),
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
})

/** A whole page in a language. */
export const layout = (title: Message, content: Html, language: Language): string =>
  htmlText(
    html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
${content}
</body>
</html>
`,
    language,
  )
