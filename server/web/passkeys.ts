/** Signing in with a passkey. */
import { counted } from '#http/addresses.ts'
import { browserIn, givenBrowser } from '#http/session.ts'
import { LONGEST_CEREMONY, requestOptions, signInByPasskey } from '#identity/passkeys.ts'
import { randomKey } from '#identity/tokens.ts'
import type { Answer } from '#kernel/declaration.ts'
import { forbidden } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { BY_PASSKEY, circumstancesOf, enter, offersPasskeys, signInPage, tooMany } from './entrance.ts'
import { ownPath } from './own-path.ts'
import { type Area, onTo, type Visit, withQuery } from './page.ts'
import { asksForOptions, optionsAnswer } from './passkey-form.ts'

async function signIn(visit: Visit): Promise<Answer> {
  const { request, settings, db, now, given } = visit
  if (!offersPasskeys(settings)) throw forbidden(said`Passkey sign-in is disabled.`)
  const browser = browserIn(request.raw, settings)
  if (asksForOptions(given)) {
    const secret = browser ?? randomKey()
    const cookie = { 'set-cookie': givenBrowser(secret, LONGEST_CEREMONY, settings) }
    return optionsAnswer(await requestOptions({ browser: secret }, settings, db, now), cookie)
  }
  const credential = given.get('credential') ?? ''
  const tried = await counted(db, undefined, request.ip, now, async () => {
    const outcome = browser ? await signInByPasskey(credential, browser, circumstancesOf(visit), db) : 'wrong'
    return { outcome, were: outcome === 'wrong' ? 'wrong' : undefined }
  })
  if ('wait' in tried) return signInPage(visit, tooMany(tried.wait, said`from your network`))
  if (tried.outcome !== 'wrong') return enter(visit, tried.outcome)
  return signInPage(visit, { error: said`The passkey is unknown, or the account is locked.`, status: 422 })
}

export const passkeys: Area = {
  routes(on) {
    on.get(BY_PASSKEY, ({ given }) => onTo(withQuery('/login', { back_url: ownPath(given.get('back_url')) })))
    on.post(BY_PASSKEY, signIn)
  },
}
