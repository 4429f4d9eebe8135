/** `halyard setting`: what an administrator can set, from the command line. */
import { defaultSettings, readSettings } from '#kernel/settings.ts'
import { isSetting, type SettingName, storeSettings, valueIn } from '#modules/instance/changing-settings.ts'
import { columns } from './columns.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'

/** The setting that a word names. Throws an Error for one that there is not. */
function settingNamed(word = ''): SettingName {
  if (!isSetting(word)) throw new Error(`There is no setting "${word}"; halyard setting list shows them.`)
  return word
}

/** A value as `setting set` takes it. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)

export async function listSettings({ config }: Invocation): Promise<void> {
  const settings = await withDatabase(config.databaseUrl, readSettings)
  const names = Object.keys(defaultSettings).sort() as SettingName[]
  const rows = names.map((name) => {
    const isChanged = JSON.stringify(settings[name]) !== JSON.stringify(defaultSettings[name])
    return [name, shown(settings[name]), isChanged ? `changed from ${shown(defaultSettings[name])}` : '']
  })
  console.log(columns([['NAME', 'VALUE', ''], ...rows]))
}

export async function showSetting({ config, words }: Invocation): Promise<void> {
  const name = settingNamed(words[0])
  console.log(shown((await withDatabase(config.databaseUrl, readSettings))[name]))
}

export async function changeSetting({ config, words }: Invocation): Promise<void> {
  const name = settingNamed(words[0])
  const value = valueIn(name, words[1] ?? '')
  await withDatabase(config.databaseUrl, (db) => db.transaction((tx) => storeSettings(tx, { [name]: value })))
  console.log(`${name} is ${shown(value)} now.`)
}
