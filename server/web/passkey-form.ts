/** Forms that create or use passkeys. They need the only script of the product and stay hidden without it. */
import { readFileSync } from 'node:fs'
import { packageFile } from '#files/package.ts'
import type { Answer } from '#kernel/declaration.ts'
import { type Html, html, trusted } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { allowed, type Permits } from './layout.ts'

interface PasskeyForm {
  /** The address of the form; with `action=passkey_options` it answers the options that the browser needs. */
  readonly to: string
  readonly ceremony: 'create' | 'get'
  readonly label: Message
  readonly looks?: string | undefined
  /** Additional fields. */
  readonly more?: Html | undefined
}

/** A form for a passkey. */
export const passkeyForm = ({ to, ceremony, label, looks = '', more }: PasskeyForm): Html =>
  html`<form method="post" action="${to}" data-passkey="${ceremony}" hidden>
<p role="alert" class="error" hidden>${
    ceremony === 'create'
      ? said`No passkey was created. This device may already have one for this account.`
      : said`No passkey was used. Try again or use another method.`
  }</p>
${more}
<input type="hidden" name="credential">
<button class="${looks}">${label}</button>
</form>`

/** Whether the script requests the options for the browser, rather than sending the browser's response. */
export const asksForOptions = (given: URLSearchParams): boolean => given.get('action') === 'passkey_options'

/** The response with the options. */
export const optionsAnswer = (options: object, headers: Record<string, string> = {}): Answer => ({
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(options),
})

const TEXT = readFileSync(packageFile('server', 'web', 'assets', 'passkeys.js'), 'utf8')

/** The script for the end of a page. The policy allows it by its hash, so no other script runs and pages need no nonce. */
export const passkeyScript: Html = html`<script type="module">${trusted(TEXT)}</script>`

/** The policy of a page with the script. */
export const passkeyPolicy: Required<Permits> = { policy: { 'script-src': allowed(TEXT), 'connect-src': "'self'" } }
