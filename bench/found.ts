/** Searches in all texts, with their results in a table as from an ideal index: for the floors. */
import type { Transaction } from '#db/database.ts'
import { contains } from '#db/dialect.ts'
import { and, name, sql } from '#db/sql.ts'
import { plantedWords } from './texts.ts'

/** Words that a text has to contain; `id` identifies the results in `bench_found`. */
export interface Search {
  id: number
  words: readonly string[]
}

export interface Searches {
  /** Two frequent words. */
  pairs: Search[]
  /** A rare word, and another one. */
  rare: Search[]
  /** A very frequent word. */
  common: Search[]
  /** A word of every description, of one of 11 and of one of 1,000. */
  planted: Record<keyof typeof plantedWords, Search[]>
}

type Words = readonly (readonly string[])[]

/** Reads every text: a result has all words in its subject, in its description or in a comment that is not internal. */
export async function find(tx: Transaction, pairs: Words, rare: Words, common: readonly string[]): Promise<Searches> {
  await tx.script(
    'create table bench_found (search integer not null, work_package_id integer not null, primary key (search, work_package_id))',
  )
  let id = 0
  const kept = async (list: Words): Promise<Search[]> => {
    const searches = list.map((words) => ({ id: ++id, words }))
    for (const search of searches) {
      const has = (text: string) => and(search.words.map((word) => contains(tx.engine, name(text), word)))
      await tx.run(sql`
        insert into bench_found
        select ${search.id} + 0, id from work_packages where (${has('subject')}) or (${has('description')})
        union
        select ${search.id} + 0, resource_id from journals where resource = 'work_packages' and not internal and ${has('notes')}`)
    }
    return searches
  }
  const single = (words: readonly string[]) => kept(words.map((word) => [word]))
  const { all, eleventh, thousandth } = plantedWords
  return {
    pairs: await kept(pairs),
    rare: await kept(rare),
    common: await single(common),
    planted: { all: await single(all), eleventh: await single(eleventh), thousandth: await single(thousandth) },
  }
}
