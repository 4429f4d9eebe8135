/** Forms that passkeys are made and used with. They need the only script that we have; without it there is nothing to see of them. */
import { readFileSync } from 'node:fs'
import type { Answer } from '#kernel/declaration.ts'
import { type Html, html, trusted } from '#text/html.ts'
import { allowed, type Permits } from './layout.ts'

interface PasskeyForm {
  /** Where it is sent; asked for by `action=passkey_options`, the same address gives what the browser needs. */
  readonly to: string
  readonly ceremony: 'create' | 'get'
  readonly label: string
  readonly looks?: string | undefined
  /** What it sends besides. */
  readonly more?: Html | undefined
}

/** A form for a passkey. */
export const passkeyForm = ({ to, ceremony, label, looks = '', more }: PasskeyForm): Html =>
  html`<form method="post" action="${to}" data-passkey="${ceremony}" hidden>
<p role="alert" class="error" hidden>${
    ceremony === 'create'
      ? 'No passkey was made. This device may have one for this account already.'
      : 'No passkey was used. Try again, or go on in another way.'
  }</p>
${more}
<input type="hidden" name="credential">
<button class="${looks}">${label}</button>
</form>`

/** Whether a form asks for what the browser needs, rather than sending what it gave. */
export const asksForOptions = (given: URLSearchParams): boolean => given.get('action') === 'passkey_options'

/** The same, as an answer to the script. */
export const optionsAnswer = (options: object, headers: Record<string, string> = {}): Answer => ({
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(options),
})

const TEXT = readFileSync(new URL('assets/passkeys.js', import.meta.url), 'utf8')

/** The script, to be put at the end of a page. It is allowed by its hash, so that nothing else is and pages do not differ. */
export const passkeyScript: Html = html`<script type="module">${trusted(TEXT)}</script>`

/** What a page with it has to permit. */
export const passkeyPolicy: Required<Permits> = { policy: { 'script-src': allowed(TEXT), 'connect-src': "'self'" } }
