/** `halyard setting`: lists, shows and changes settings. */
import { defaultSettings, readSettings } from '#kernel/settings.ts'
import { isSetting, type SettingName, storeSettings, valueIn } from '#modules/instance/changing-settings.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'

/** Validates the name of a setting. Throws an Error if there is none. */
function settingNamed(word = ''): SettingName {
  if (!isSetting(word)) throw new Error(`There is no setting "${word}"; halyard setting list shows them.`)
  return word
}

/** A value in the format that `setting set` accepts. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)

export async function listSettings(invocation: Invocation): Promise<void> {
  const settings = await withDatabase(invocation.config.databaseUrl, readSettings)
  const names = Object.keys(defaultSettings).sort() as SettingName[]
  const rows = names.map((name) => ({ name, value: settings[name], default: defaultSettings[name] }))
  showList(invocation, rows, {
    NAME: ({ name }) => name,
    VALUE: ({ value }) => shown(value),
    CHANGED: (row) => (JSON.stringify(row.value) === JSON.stringify(row.default) ? '' : `default: ${shown(row.default)}`),
  })
}

export async function showSetting(invocation: Invocation): Promise<void> {
  const name = settingNamed(invocation.words[0])
  const value = (await withDatabase(invocation.config.databaseUrl, readSettings))[name]
  showResult(invocation, { name, value }, shown(value))
}

export async function changeSetting({ config, words }: Invocation): Promise<void> {
  const name = settingNamed(words[0])
  const value = valueIn(name, words[1] ?? '')
  await withDatabase(config.databaseUrl, (db) => db.transaction((tx) => storeSettings(tx, { [name]: value })))
  console.log(`Set ${name} to ${shown(value)}.`)
}
