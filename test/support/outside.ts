/** Simulated interference of other programs and machines with a database in use. */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Database } from '#db/database.ts'

export interface Outside {
  /** Runs statements in a connection of its own. */
  run(text: string): Promise<void>
  /** Blocks other writers until its result is called; reading continues. */
  holdWriting(table: string): Promise<() => Promise<void>>
  /** Rejects further rows of a table for lack of space until its result is called. */
  fillDisk(table: string): Promise<() => Promise<void>>
}

/** Another program with the same file open. */
export function outsideSqlite(db: Database, path: string): Outside {
  const open = () => new DatabaseSync(path, { timeout: 5000 })
  return {
    run: async (text) => {
      const connection = open()
      connection.exec(text)
      connection.close()
    },
    holdWriting: async () => {
      const connection = open()
      connection.exec('begin immediate')
      return async () => connection.close()
    },
    // The only part that uses the server's connection: the size limit of a file belongs to a connection.
    fillDisk: async () => {
      await db.script('vacuum')
      await db.script('pragma max_page_count = 1')
      return () => db.script('pragma max_page_count = 1000000000')
    },
  }
}

/** Another session in the same database, and in the same schema. */
export function outsidePostgres(url: string, schema = 'public'): Outside {
  const open = async () => {
    const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` })
    await client.connect()
    return client
  }
  const run = async (text: string) => {
    const client = await open()
    await client.query(text)
    await client.end()
  }
  return {
    run,
    holdWriting: async (table) => {
      const client = await open()
      await client.query(`begin; lock table ${table} in share mode`)
      return () => client.end()
    },
    // A test cannot fill a disk; this is the error of the server in that case.
    fillDisk: async (table) => {
      await run(`
        create function no_space() returns trigger language plpgsql as
          $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
        create trigger no_space before insert on ${table} for each row execute function no_space()`)
      return () => run('drop function no_space cascade')
    },
  }
}

/** A proxy to a database that can be closed, cut and frozen. */
export interface Way {
  /** The URL of `url` through the proxy. */
  to(url: string): string
  /** Ends all connections. */
  cut(): void
  /** Ends all connections, and refuses new ones. */
  close(): Promise<void>
  /** Accepts connections again. */
  open(): Promise<void>
  /** Passes nothing on, in either direction, and keeps connections open; gives a function that resumes. */
  freeze(): () => void
  /** Ends the connection of a commit as soon as its response has come, which is not passed on. */
  cutAtCommit(): void
}

/** A proxy on a port of this process. */
export async function wayThrough(): Promise<Way> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let target: URL
  let port = 0
  let server: Server
  let isFrozen = false
  let cutsAtCommit = false
  const join = (client: Socket) => {
    const database = connectTcp(Number(target.port), target.hostname)
    const pair = [client, database] as const
    pairs.add(pair)
    client.on('data', (data: Buffer) => {
      database.write(data)
    })
    database.on('data', (data) => {
      if (!cutsAtCommit || !data.includes('COMMIT\0')) return void client.write(data)
      cutsAtCommit = false
      for (const one of pair) one.destroy()
    })
    for (const one of pair) {
      if (isFrozen) one.pause()
      one.on('error', () => {})
      one.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
  }
  const open = async () => {
    server = createServer(join).listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
  }
  await open()
  const cut = () => {
    for (const pair of pairs) for (const one of pair) one.destroy()
  }
  return {
    to: (url) => {
      target = new URL(url)
      return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href
    },
    cut,
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
    open,
    freeze: () => {
      isFrozen = true
      for (const pair of pairs) for (const one of pair) one.pause()
      return () => {
        isFrozen = false
        for (const pair of pairs) for (const one of pair) one.resume()
      }
    },
    cutAtCommit: () => {
      cutsAtCommit = true
    },
  }
}
