/** Task lists: list items that begin with `[ ]` or `[x]` get a checkbox. */
import type { MarkdownIt, StateCore, Token } from 'markdown-it'

const ANY_MARKER = /\[[ xX]\]\s/
const MARKER = /^\[([ xX])\]\s+/

function taskLists(state: StateCore): void {
  if (!ANY_MARKER.test(state.src)) return
  const lists: Token[] = []
  state.tokens.forEach((token, i) => {
    if (token.type.endsWith('_list_open')) lists.push(token)
    else if (token.type.endsWith('_list_close')) lists.pop()
    else if (token.type === 'inline' && state.tokens[i - 2]?.type === 'list_item_open') {
      const text = token.children?.[0]
      const match = text?.type === 'text' ? MARKER.exec(token.content) : null
      if (!text || !match?.[0] || !text.content.startsWith(match[0])) return
      text.content = text.content.slice(match[0].length)
      const checkbox = new state.Token('task_checkbox', 'input', 0)
      checkbox.meta = { checked: match[1] !== ' ' }
      token.children?.unshift(checkbox)
      const list = lists.at(-1)
      if (list) list.meta = { tasks: true }
    }
  })
}

/** Adds task lists to a parser: marks the list token with `meta.tasks` and puts `task_checkbox` tokens before the text. */
export const addTaskLists = (parser: MarkdownIt): void => parser.core.ruler.after('inline', 'task_lists', taskLists)
