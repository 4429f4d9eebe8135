/** Pages in German. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { browser } from '../sessions/browser.ts'

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

const german = { 'accept-language': 'de' }

test('the sign-in page is in the language that the browser prefers, and says so', async () => {
  const { text, headers } = await browser(it.url).get('/login', german)
  assert.match(text, /<html lang="de">/)
  assert.match(text, /<title>Anmelden – Halyard<\/title>/)
  assert.match(text, /<label for="username">Benutzername<\/label>/)
  assert.match(text, /<button>Anmelden<\/button>/)
  assert.equal(headers.get('content-language'), 'de')
  assert.match(headers.get('vary') ?? '', /accept-language/)
  const other = await browser(it.url).get('/login', { 'accept-language': 'fr' })
  assert.match(other.text, /<html lang="en">[\s\S]*<button>Sign in<\/button>/)
})

test('what was wrong with a form is told in the same language', async () => {
  const headers = { origin: it.url, 'sec-fetch-site': 'same-origin', ...german }
  const reply = await browser(it.url).submit('/login', { username: 'nobody', password: 'wrong' }, headers)
  assert.match(reply.text, /role="alert"[^>]*>Der Benutzername oder das Passwort ist falsch, oder das Konto ist gesperrt\.</)
})

test('an unknown page is not found in German', async () => {
  const { status, text } = await browser(it.url).get('/nothing', { accept: 'text/html', ...german })
  assert.equal(status, 404)
  assert.match(
    text,
    /<h1>Nicht gefunden<\/h1>\s*<p role="alert" class="error">Die angeforderte Ressource wurde nicht gefunden\.</,
  )
})

test('neither is it for a user whose language is German', async () => {
  const { login, browser: one } = await it.visitor({ language: 'de' })
  await one.signIn(login, PASSWORD)
  const { text } = await one.get('/nothing', { accept: 'text/html', 'accept-language': 'en' })
  assert.match(text, /<h1>Nicht gefunden<\/h1>/)
})

test('pages of a user are in the language of the account, whatever the browser prefers', async () => {
  const { login, browser: one } = await it.visitor({ language: 'de' })
  await one.signIn(login, PASSWORD)
  const { text, headers } = await one.get('/my/account', { 'accept-language': 'en' })
  assert.match(
    text,
    /<html lang="de">[\s\S]*<nav aria-label="Einstellungen">[\s\S]*<h1>Profil<\/h1>[\s\S]*<label for="firstName">Vorname</,
  )
  assert.doesNotMatch(headers.get('vary') ?? '', /accept-language/)
  const wrong = await one.submit('/my/account', { firstName: 'Vera', lastName: '' })
  assert.match(wrong.text, /id="lastName-error">Nachname muss ausgefüllt werden\.</)
})

test('users choose one of the languages that there are; another one that they have stays', async () => {
  const { login, browser: one } = await it.visitor({ language: 'fr' })
  await one.signIn(login, PASSWORD)
  const options = async () =>
    [
      ...((await one.get('/my/settings')).text.match(/<select id="language"[\s\S]*?<\/select>/)?.[0] ?? '').matchAll(
        /<option value="(.*?)"( selected)?>(.*?)</g,
      ),
    ].map(([, value, selected, name]) => [value, name, selected !== undefined])
  assert.deepEqual(await options(), [
    ['fr', 'fr', true],
    ['en', 'English', false],
    ['de', 'Deutsch', false],
  ])
  assert.deepEqual(to(await one.submit('/my/settings', { language: 'de' })), [303, '/my/settings?done=saved'])
  assert.match((await one.get('/my/settings?done=saved')).text, /role="status" class="notice">Gespeichert\.</)
  assert.deepEqual(await options(), [
    ['en', 'English', false],
    ['de', 'Deutsch', true],
  ])
})
