/** A QR code as an SVG image: dark on light in every colour scheme, because cameras expect that. */
import { type Html, html } from '#text/html.ts'
import type { Message } from '#text/messages.ts'

/** Draws a text as a QR code with an accessible label. */
export async function qrCode(text: string, label: Message): Promise<Html> {
  const { encode } = await import('uqr')
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : []))).join('')
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">
<path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/><path fill="#000" d="${path}"/>
</svg>`
}
