/** The files of the package, for the sources and for the bundle that is built from them (`scripts/build.ts`). */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'

const description = findPackageJSON(import.meta.url) as string

/** The folder of the package. */
export const packageFolder = dirname(description)

/** Whether the code runs from the bundle. */
export const isBundled = !import.meta.url.endsWith('.ts')

/** The path of a file of the package. */
export const packageFile = (...path: string[]): string => join(packageFolder, ...path)

/** The version of the package. */
export const version: string = JSON.parse(readFileSync(description, 'utf8')).version
