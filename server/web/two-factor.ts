/** Two-factor authentication: the stages of the sign-in, and the user's own page. */
import {
  addPasskey,
  canHavePasskeys,
  creationOptions,
  type Passkey,
  passByPasskey,
  passkeysOf,
  removePasskey,
  requestOptions,
} from '#identity/passkeys.ts'
import {
  beginSetup,
  confirmSetup,
  dropSetup,
  isRequired,
  passByCode,
  passBySetup,
  removeAuthenticator,
  renewRecoveryCodes,
  type Setup,
  setupOf,
  type TwoFactor,
  twoFactorOf,
} from '#identity/two-factor.ts'
import type { Answer } from '#kernel/declaration.ts'
import { type Html, html } from '#text/html.ts'
import { type Message, plural, said } from '#text/messages.ts'
import { circumstancesOf, codeField, enter, entering, noteFailure, type Refusal, tooMany } from './entrance.ts'
import { field, hidden, idIn } from './forms.ts'
import { ownPath } from './own-path.ts'
import {
  type Area,
  alert,
  framed,
  notice,
  type OwnVisit,
  onTo,
  page,
  proved,
  type Visit,
  type WaitingVisit,
  waitingAt,
  withQuery,
} from './page.ts'
import { asksForOptions, optionsAnswer, passkeyForm, passkeyPolicy, passkeyScript } from './passkey-form.ts'
import { qrCode } from './qr.ts'

const STAGE = '/login/two_factor'
const SETUP_STAGE = '/login/two_factor_setup'
const OWN = '/my/two_factor'
const TITLE = said`Two-factor authentication`

const WRONG_CODE: Refusal = { error: said`The code is wrong or has already been used.`, status: 422 }

const WRONG_PASSKEY: Refusal = { error: said`The passkey is unknown, or the request has expired.`, status: 422 }

const backOf = ({ given }: Visit) => ownPath(given.get('back_url'))

/** Restarts a sign-in that has expired. */
const anew = (visit: Visit): Answer => onTo(withQuery('/login', { back_url: backOf(visit) }))

/** The button that cancels a sign-in. */
const cancel = (visit: Visit): Html =>
  html`<form method="post" action="/logout">${hidden('back_url', backOf(visit))}<button class="quiet">Cancel</button></form>`

/** The form with one field for a code. */
function givenForm(visit: Visit, line: Html): Html {
  return html`<form method="post" action="${STAGE}">
${line}
${hidden('back_url', backOf(visit))}
<button>Sign in</button>
</form>`
}

async function stagePage(visit: WaitingVisit, refusal?: Refusal): Promise<Answer> {
  if (refusal) noteFailure(visit, refusal)
  const { settings, given, db, waiting } = visit
  const { authenticator, passkeys } = await twoFactorOf(db, waiting.user.id)
  const title = TITLE
  const back_url = backOf(visit)
  const describedBy = refusal && 'error'
  const byRecovery = given.has('recovery')
  const byPasskey = !byRecovery && passkeys > 0 && canHavePasskeys(settings)
  const content = html`<h1>${title}</h1>
${alert(refusal?.error)}
${
  byRecovery
    ? givenForm(
        visit,
        field({
          label: said`Recovery code`,
          name: 'recovery',
          hint: said`You received recovery codes when you set up two-factor authentication. Each code works once.`,
          autocomplete: 'off',
          literal: true,
          required: true,
          autofocus: true,
          describedBy,
        }),
      )
    : authenticator === null
      ? html`<p>Use one of your passkeys or a recovery code.</p>`
      : givenForm(visit, codeField(describedBy))
}
${
  byPasskey &&
  html`${passkeyForm({
    to: STAGE,
    ceremony: 'get',
    label: said`Use a passkey`,
    looks: authenticator === null ? '' : 'quiet',
    more: hidden('back_url', back_url),
  })}`
}
${
  byRecovery
    ? html`<p><a href="${withQuery(STAGE, { back_url })}">Use another method</a></p>`
    : html`<p><a href="${withQuery(STAGE, { recovery: '', back_url })}">Use a recovery code</a></p>`
}
${cancel(visit)}
${byPasskey && passkeyScript}`
  return page(said`${title} – ${settings.app_title}`, content, byPasskey ? { ...refusal, ...passkeyPolicy } : refusal)
}

async function passStageByPasskey(visit: WaitingVisit): Promise<Answer> {
  const { waiting, db, settings, now, given } = visit
  if (asksForOptions(given)) return optionsAnswer(await requestOptions({ session: waiting }, settings, db, now))
  const passed = await passByPasskey(waiting, given.get('credential') ?? '', circumstancesOf(visit), db)
  if (passed === 'over') return anew(visit)
  if (passed === 'wrong') return stagePage(visit, WRONG_PASSKEY)
  return enter(visit, passed)
}

async function passStage(visit: WaitingVisit): Promise<Answer> {
  const { waiting, db, given } = visit
  if (asksForOptions(given) || given.has('credential')) return passStageByPasskey(visit)
  const recovery = given.get('recovery')
  const code = recovery === null ? { code: given.get('code') ?? '' } : { recovery }
  const passed = await passByCode(waiting, code, circumstancesOf(visit), db)
  if (passed === 'over') return anew(visit)
  if (passed === 'wrong') return stagePage(visit, WRONG_CODE)
  if ('wait' in passed) return stagePage(visit, tooMany(passed.wait, said`with your account`))
  if (recovery === null) return enter(visit, passed)
  const { to, headers } = entering(visit, passed)
  const { recovery: left } = await twoFactorOf(db, waiting.user.id)
  const title = said`Recovery code used`
  const content = html`<h1>${title}</h1>
<p role="status" class="notice">The code cannot be used again. ${leftInWords(left)}</p>
<p>If you have lost your app or your passkeys, set up new ones in your account, under ${TITLE}. If somebody else used the code, do so at once and change your password.</p>
<p><a class="button" href="${to}">Continue</a></p>`
  return page(said`${title} – ${visit.settings.app_title}`, content, { headers })
}

const leftInWords = (left: number): Message =>
  left === 0
    ? said`You have no recovery codes left. Create new ones now.`
    : plural(left, said`You have one recovery code left.`, said`You have ${left} recovery codes left.`)

/** The secret for an authenticator app, and the form that confirms it. */
async function setupForm({ secret, address }: Setup, action: string, more: Html | undefined, refusal?: Refusal): Promise<Html> {
  return html`<p>Scan the QR code with an authenticator app on your phone, or enter the key:</p>
${await qrCode(address, said`QR code of the key below`)}
<p><code class="secret">${secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
${alert(refusal?.error)}
<form method="post" action="${action}">
${codeField(refusal && 'error')}
${more}
<button name="action" value="confirm">Confirm</button>
</form>`
}

/** New recovery codes, which are shown once. */
const codeList = (codes: readonly string[]): Html => html`<h2>Recovery codes</h2>
<p>If you lose your app or your passkeys, sign in with a recovery code instead. Each code works once. Print the codes or store them in a password manager. They are not shown again.</p>
<ul class="codes">${codes.map(
  (code) => html`
<li><code>${code}</code></li>`,
)}
</ul>`

async function setupStagePage(visit: WaitingVisit, refusal?: Refusal): Promise<Answer> {
  if (refusal) noteFailure(visit, refusal)
  const { waiting, db, settings } = visit
  const title = said`Set up two-factor authentication`
  const setup = await setupOf(db, waiting, settings)
  const back = hidden('back_url', backOf(visit))
  const content = html`<h1>${title}</h1>
<p>This server requires two-factor authentication. Set up an authenticator app to continue.</p>
${
  setup
    ? await setupForm(setup, SETUP_STAGE, back, refusal)
    : html`<form method="post" action="${SETUP_STAGE}">${back}<button name="action" value="begin">Start</button></form>`
}
${cancel(visit)}`
  return page(said`${title} – ${settings.app_title}`, content, refusal)
}

async function passSetupStage(visit: WaitingVisit): Promise<Answer> {
  const { waiting, db, settings, given } = visit
  if (given.get('action') === 'begin') {
    await beginSetup(db, waiting)
    return onTo(withQuery(SETUP_STAGE, { back_url: backOf(visit) }))
  }
  const passed = await passBySetup(waiting, given.get('code') ?? '', circumstancesOf(visit), db)
  if (passed === 'over') return anew(visit)
  if (passed === 'wrong') return setupStagePage(visit, WRONG_CODE)
  const { to, headers } = entering(visit, passed)
  const title = said`Two-factor authentication enabled`
  const content = html`<h1>${title}</h1>
${codeList(passed.codes)}
<p><a class="button" href="${to}">Continue</a></p>`
  return page(said`${title} – ${settings.app_title}`, content, { headers })
}

const sentences = {
  removed: said`The authenticator app has been removed.`,
  added: said`The passkey has been added. All your other sessions have ended.`,
  passkey_removed: said`The passkey has been removed.`,
}

const isSetUp = ({ authenticator, passkeys }: TwoFactor) => authenticator !== null || passkeys > 0

const act = (action: string, label: Message, looks = 'quiet') =>
  html`<form method="post" action="${OWN}"><button name="action" value="${action}" class="${looks}">${label}</button></form>`

function appSection({ authenticator }: TwoFactor, setup: Html | undefined): Html {
  if (setup) return html`${setup}\n${act('cancel', said`Cancel`)}`
  if (authenticator === null) {
    return html`<p>An authenticator app on your phone generates codes. Signing in then requires a code in addition to your password.</p>
${act('begin', said`Set up an authenticator app`, '')}`
  }
  return html`<p>Set up on ${authenticator.slice(0, 10)}. Signing in requires a code from the app.</p>
<div class="actions">${act('begin', said`Use another app`)}${act('remove', said`Remove`, 'danger')}</div>`
}

const day = (moment: string) => moment.slice(0, 10)

function passkeySection(passkeys: readonly Passkey[]): Html {
  return html`<p>A passkey signs you in without a password. Your phone, computer or security key verifies your identity. Once you have a passkey, your password alone no longer signs you in.</p>
${
  passkeys.length > 0 &&
  html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Name</th><th scope="col">Added</th><th scope="col">Last used</th><th scope="col">Remove</th></tr></thead>
<tbody>${passkeys.map(
    ({ id, name, created_at, last_used_at }) => html`
<tr><th scope="row">${name}</th><td data-label="Added">${day(created_at)}</td><td data-label="Last used">${last_used_at ? day(last_used_at) : said`never`}</td>
<td><form method="post" action="${OWN}"><input type="hidden" name="action" value="remove_passkey"><button name="id" value="${id}" class="danger small" aria-label="Remove ${name}">Remove</button></form></td></tr>`,
  )}
</tbody>
</table></div>`
}
${passkeyForm({
  to: OWN,
  ceremony: 'create',
  label: said`Add a passkey`,
  looks: 'quiet',
  more: html`<input type="hidden" name="action" value="add_passkey">
${field({ label: said`Name of the passkey`, name: 'name', hint: said`For example, the name of the device.`, required: true })}`,
})}
<noscript><p>Adding a passkey requires JavaScript.</p></noscript>`
}

async function ownPage(visit: OwnVisit, refusal?: Refusal): Promise<Answer> {
  const { db, session, settings } = visit
  const state = await twoFactorOf(db, session.user.id)
  const setup = await setupOf(db, session, settings)
  const form = setup && (await setupForm(setup, OWN, undefined, refusal))
  const content = html`${notice(visit, sentences)}
${!setup && alert(refusal?.error)}
<p>With two-factor authentication, your password alone does not give access to your account.${isRequired(session.user, settings) && said` This server requires it.`}</p>
<h2>Authenticator app</h2>
${appSection(state, form)}
${
  canHavePasskeys(settings) &&
  html`<h2>Passkeys</h2>
${passkeySection(await passkeysOf(db, session.user.id))}`
}
${
  isSetUp(state) &&
  html`<h2>Recovery codes</h2>
<p>A recovery code replaces a lost app or passkey. ${leftInWords(state.recovery)}</p>
${act('renew', said`Create new recovery codes`)}`
}
${passkeyScript}`
  return framed(visit, TITLE, content, { ...refusal, ...passkeyPolicy })
}

const codesPage = (visit: OwnVisit, codes: readonly string[]): Answer =>
  framed(
    visit,
    TITLE,
    html`<p role="status" class="notice">The change has been saved. All your other sessions have ended.</p>
${codeList(codes)}
<p><a class="button" href="${OWN}">Continue</a></p>`,
  )

async function change(visit: OwnVisit): Promise<Answer> {
  const { db, session, settings, now, given } = visit
  switch (given.get('action')) {
    case 'begin':
      await beginSetup(db, session)
      return onTo(OWN)
    case 'cancel':
      await db.transaction((tx) => dropSetup(tx, session))
      return onTo(OWN)
    case 'confirm': {
      const codes = await confirmSetup(session, given.get('code') ?? '', db, now)
      return codes ? codesPage(visit, codes) : ownPage(visit, WRONG_CODE)
    }
    case 'renew':
      return isSetUp(await twoFactorOf(db, session.user.id)) ? codesPage(visit, await renewRecoveryCodes(session, db)) : onTo(OWN)
    case 'remove':
      if (await removeAuthenticator(session, settings, db)) return onTo(withQuery(OWN, { done: 'removed' }))
      return ownPage(visit, LAST_ONE)
    case 'passkey_options':
      return optionsAnswer(await creationOptions(session, settings, db, now))
    case 'add_passkey': {
      const passkey = { name: given.get('name') ?? '', credential: given.get('credential') ?? '' }
      const added = await addPasskey(session, passkey, settings, db, now)
      if (added === 'wrong') return ownPage(visit, WRONG_PASSKEY)
      return added.codes ? codesPage(visit, added.codes) : onTo(withQuery(OWN, { done: 'added' }))
    }
    case 'remove_passkey': {
      const isRemoved = await removePasskey(session, idIn(given.get('id')), settings, db)
      return isRemoved ? onTo(withQuery(OWN, { done: 'passkey_removed' })) : ownPage(visit, LAST_ONE)
    }
    default:
      return onTo(OWN)
  }
}

const LAST_ONE: Refusal = {
  error: said`This server requires two-factor authentication, and this is your only method. You can use another app instead.`,
  status: 422,
}

export const twoFactor: Area = {
  entries: [{ path: OWN, title: TITLE, group: 'Account' }],
  routes(on) {
    on.get(STAGE, waitingAt('two_factor', stagePage))
    on.post(STAGE, waitingAt('two_factor', passStage))
    on.get(SETUP_STAGE, waitingAt('two_factor_setup', setupStagePage))
    on.post(SETUP_STAGE, waitingAt('two_factor_setup', passSetupStage))
    on.get(OWN, proved(ownPage))
    on.post(OWN, proved(change))
  },
}
