/** Mentions in a text: the same ones as in its HTML. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mentionsIn } from '#text/mentions.ts'

const nobody = { users: [], logins: [], groups: [] }

for (const [name, text, expected] of [
  [
    'a mention of a user',
    'Ask <mention class="mention" data-type="user" data-id="5">@Vera</mention>!',
    { ...nobody, users: [5] },
  ],
  ['one that stands alone', '<mention data-id="5" data-type="user">@Vera</mention>', { ...nobody, users: [5] }],
  ['one within HTML', '<p><mention data-id="5" data-type="user">@Vera</mention></p>', { ...nobody, users: [5] }],
  ['a mention of a group', '<mention data-id="7" data-type="group">@All</mention>', { ...nobody, groups: [7] }],
  ['a mention of a work package', '<mention data-id="7" data-type="work_package">#7</mention>', nobody],
  ['numbers', 'user#5, group#7 and #9', { ...nobody, users: [5], groups: [7] }],
  ['a login in any case', 'Ask @Vera.X, **@wim**.', { ...nobody, logins: ['vera.x', 'wim'] }],
  ['a repeated user', '@vera and @VERA, user#5 and user#5', { ...nobody, users: [5], logins: ['vera'] }],
  ['an address', 'vera@example.net', nobody],
  ['code', '`@vera`\n\n```\nuser#5\n```\n', nobody],
  ['an impossible number', 'user#99999999999', nobody],
  ['a malformed mention', '<mention data-id="x" data-type="user">@x</mention>', nobody],
  ['an empty text', '', nobody],
] as const) {
  test(name, () => assert.deepEqual(mentionsIn(text), expected))
}
