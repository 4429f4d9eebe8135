/** Filled databases that a later run uses again. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

/**
 * Fills a database in SQLite, or copies one that a former run on the same day has filled.
 * @param folder where filled databases are kept
 * @param name tells what it is filled with
 * @param url the address of the database
 * @param fill fills it, closes it, and returns what is known of it
 */
export async function filledOnce<T>(folder: string, name: string, url: string, fill: () => Promise<T>): Promise<T> {
  const file = url.replace(/^sqlite:/, '')
  // The data follow from the date.
  const kept = join(folder, `${name}-${new Date().toISOString().slice(0, 10)}`)
  if (existsSync(`${kept}.known`)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    copyFileSync(`${kept}.db`, file)
    return deserialize(readFileSync(`${kept}.known`))
  }
  const known = await fill()
  mkdirSync(folder, { recursive: true })
  copyFileSync(file, `${kept}.db`)
  writeFileSync(`${kept}.known`, serialize(known))
  return known
}
