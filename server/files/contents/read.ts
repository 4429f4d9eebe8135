/** Extracts the text of a file, by its kind. */
import type { Buffer } from 'node:buffer'
import type { TextKind } from '../types.ts'
import { MOST_TEXT, MOST_UNFOLDED } from './limits.ts'
import { beginning, cleaned, decoded, unescaped } from './plain.ts'

type Reader = (bytes: Buffer) => string | Promise<string>

/** Reads the text parts of an archive, with a markup language. */
const archived =
  (wanted: RegExp, language: 'office' | 'sheet' | 'openDocument'): Reader =>
  async (bytes) => {
    const [{ partsOf }, markup] = await Promise.all([import('./archive.ts'), import('./markup.ts')])
    let text = ''
    for (const part of partsOf(bytes, wanted, MOST_UNFOLDED)) {
      text += `${markup.betweenTags(decoded(part.bytes), markup[language])}\n`
      if (text.length > 2 * MOST_TEXT) break
    }
    return text
  }

const readers: Readonly<Record<TextKind, Reader>> = {
  plain: (bytes) => decoded(beginning(bytes)),
  json: (bytes) => unescaped(decoded(beginning(bytes))),
  html: async (bytes) => inLanguage(bytes, 'html'),
  xml: async (bytes) => inLanguage(bytes, 'xml'),
  pdf: async (bytes) => (await import('./pdf.ts')).textOfPdf(new Uint8Array(bytes)),
  docx: archived(/^word\/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml$/, 'office'),
  pptx: archived(/^ppt\/(slides\/slide|notesSlides\/notesSlide|comments\/comment)\d+\.xml$/, 'office'),
  xlsx: archived(/^xl\/(sharedStrings|worksheets\/sheet\d+)\.xml$/, 'sheet'),
  odf: archived(/^content\.xml$/, 'openDocument'),
}

async function inLanguage(bytes: Buffer, language: 'html' | 'xml'): Promise<string> {
  const markup = await import('./markup.ts')
  return markup.betweenTags(decoded(bytes), markup[language])
}

/** The text of a file, in its stored form. Throws for a broken file. */
export const read = async (kind: TextKind, bytes: Buffer): Promise<string> => cleaned(await readers[kind](bytes))
