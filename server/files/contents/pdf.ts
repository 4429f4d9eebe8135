/** The text of PDF documents, by PDF.js. */
import { getDocumentProxy } from 'unpdf'
import { MOST_TEXT } from './limits.ts'

/** The text of all pages. Throws for a malformed or password-protected document. */
export async function textOfPdf(bytes: Uint8Array): Promise<string> {
  const document = await getDocumentProxy(bytes, { disableFontFace: true, useSystemFonts: false, verbosity: 0 })
  let text = ''
  for (let number = 1; number <= document.numPages && text.length < 2 * MOST_TEXT; number++) {
    const page = await document.getPage(number)
    for (const item of (await page.getTextContent()).items) if ('str' in item) text += item.hasEOL ? `${item.str}\n` : item.str
    text += '\n'
    page.cleanup()
  }
  return text
}
