/** `halyard setting`: lists, shows and changes settings. */
import { defaultSettings, readSettings } from '#kernel/settings.ts'
import { isSetting, type SettingName, storeSettings, valueIn } from '#modules/instance/changing-settings.ts'
import { columns } from './columns.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'

/** Validates the name of a setting. Throws an Error if there is none. */
function settingNamed(word = ''): SettingName {
  if (!isSetting(word)) throw new Error(`There is no setting "${word}"; halyard setting list shows them.`)
  return word
}

/** A value in the format that `setting set` accepts. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)

export async function listSettings({ config }: Invocation): Promise<void> {
  const settings = await withDatabase(config.databaseUrl, readSettings)
  const names = Object.keys(defaultSettings).sort() as SettingName[]
  const rows = names.map((name) => {
    const isChanged = JSON.stringify(settings[name]) !== JSON.stringify(defaultSettings[name])
    return [name, shown(settings[name]), isChanged ? `default: ${shown(defaultSettings[name])}` : '']
  })
  console.log(columns([['NAME', 'VALUE', 'CHANGED'], ...rows]))
}

export async function showSetting({ config, words }: Invocation): Promise<void> {
  const name = settingNamed(words[0])
  console.log(shown((await withDatabase(config.databaseUrl, readSettings))[name]))
}

export async function changeSetting({ config, words }: Invocation): Promise<void> {
  const name = settingNamed(words[0])
  const value = valueIn(name, words[1] ?? '')
  await withDatabase(config.databaseUrl, (db) => db.transaction((tx) => storeSettings(tx, { [name]: value })))
  console.log(`Set ${name} to ${shown(value)}.`)
}
