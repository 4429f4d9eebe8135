/** The page to browse the API: requests that are tried out go by the session, or by the token that was given. */
const explorer = document.querySelector('openapi-explorer')

// Without the first header a session only reads: pages of other origins cannot send it. Without the second the browser would ask
// for a password by itself where one is missing.
explorer.addEventListener('request', ({ detail: { request } }) => {
  request.headers.set('X-Requested-With', 'XMLHttpRequest')
  request.headers.set('X-Authentication-Scheme', 'Session')
  request.credentials = 'same-origin'
})

// Whoever lets this page in as an application is led back to the page itself, not to a place in it.
explorer.addEventListener('spec-loaded', () => {
  explorer.setAuthenticationConfiguration('oauth2', { redirectUri: location.pathname })
})

// On a telephone the ways to authenticate are told one below the other. The component's own styles are out of reach from outside.
const narrow = new CSSStyleSheet()
narrow.replaceSync(`
  @media (max-width: 767px) {
    #auth table, #auth tbody, #auth tr, #auth td { display: block; max-width: none !important }
    #auth form, #auth td > div { height: auto !important; flex-wrap: wrap; gap: 5px }
    #auth .api-key-input, #auth .oauth-client-input { max-width: 100% }
    #auth .oauth-flow > div { flex-wrap: wrap }
    #auth .mono-font { overflow-wrap: anywhere }
  }
`)
customElements.whenDefined('openapi-explorer').then(() => {
  const root = explorer.shadowRoot
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, narrow]
})
