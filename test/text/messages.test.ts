/** Messages: patterns with values, rendered in the language of their reader. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { html, htmlText, trusted } from '../../server/text/html.ts'
import { catalogues } from '../../server/text/languages/index.ts'
import { acceptedLanguage, english, firstLanguage, inLanguage, plural, said } from '../../server/text/messages.ts'

const latin: Readonly<Record<string, string | { one: string; other: string }>> = {
  'The login "{0}" is already in use by {1}.': '{1} iam utitur nomine "{0}".',
  'Last name': 'Cognomen',
  '{0} {1}.': '{0} {1}.',
  'is missing': 'deest',
  '{0} days': { one: '{0} dies', other: '{0} dies multi' },
  'Current address: <strong>{0}</strong>. <a href="{1}">Change</a>': '<a href="{1}">Muta</a> <strong>{0}</strong>.',
  Save: 'Serva',
  Menu: 'Index',
}
before(() => catalogues.set('la', (pattern) => latin[pattern]))
after(() => catalogues.delete('la'))

test('a message is its pattern in a language, with its values where that language has them', () => {
  const message = said`The login "${'vera'}" is already in use by ${'{0}'}.`
  assert.equal(english(message), 'The login "vera" is already in use by {0}.')
  assert.equal(inLanguage(message, 'la'), '{0} iam utitur nomine "vera".')
})

test('messages within a message are in the same language; what is data stays as it is', () => {
  const message = said`${said`Last name`} ${said`is missing`}.`
  assert.equal(english(message), 'Last name is missing.')
  assert.equal(inLanguage(message, 'la'), 'Cognomen deest.')
  assert.equal(inLanguage('Last name', 'la'), 'Last name')
})

test('a count decides between the forms that the language has', () => {
  const days = (n: number) => plural(n, said`${n} day`, said`${n} days`)
  assert.deepEqual(
    [0, 1, 2].map((n) => english(days(n))),
    ['0 days', '1 day', '2 days'],
  )
  assert.deepEqual(
    [1, 2].map((n) => inLanguage(days(n), 'la')),
    ['1 dies', '2 dies multi'],
  )
})

test('what a language lacks is said in English', () => {
  assert.equal(inLanguage(said`Not in the catalogue`, 'la'), 'Not in the catalogue')
  assert.equal(inLanguage(said`Last name`, 'xx'), 'Last name')
})

test('sentences in a template of HTML are translated by themselves, with the tags within them', () => {
  const address = '<b>@example.net'
  const page = () => html`<nav aria-label="Menu" class="Menu"></nav>
<p>Current address: <strong>${address}</strong>.
  <a href="${'/x?a&b'}">Change</a></p>
<p>${'Save'}</p><button${true && html` autofocus`}>Save</button><code>Save</code>${trusted('<i>Save</i>')}${said`Last name`}`
  assert.equal(
    htmlText(page(), 'la'),
    `<nav aria-label="Index" class="Menu"></nav>
<p><a href="/x?a&amp;b">Muta</a> <strong>&lt;b&gt;@example.net</strong>.</p>
<p>Save</p><button autofocus>Serva</button><code>Save</code><i>Save</i>Cognomen`,
  )
  assert.match(htmlText(page()), /<p>Current address: <strong>&lt;b&gt;@example.net<\/strong>\.\n {2}<a/)
})

test('JSON holds messages in the language that it is written in', () => {
  assert.equal(JSON.stringify({ name: said`Last name` }), '{"name":"Last name"}')
})

test('a client is answered in the language that it prefers among those that there are', () => {
  const cases: readonly (readonly [header: string | undefined, language: string | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['la', 'la'],
    ['LA-va;q=0.8', 'la'],
    ['fr-FR, la;q=0.5, en;q=0.4', 'la'],
    ['en;q=0.4, la;q=0.5', 'la'],
    ['la;q=0, fr', undefined],
    ['la;q=x', undefined],
    ['en, la', 'en'],
    ['*', undefined],
  ]
  for (const [header, language] of cases) assert.equal(acceptedLanguage(header), language, String(header))
  assert.equal(firstLanguage(null, 'fr', 'la-VA', 'en'), 'la')
  assert.equal(firstLanguage('fr', undefined), 'en')
})
