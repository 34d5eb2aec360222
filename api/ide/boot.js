// Starts GraphiQL, with every example as a tab of its own.
//
// An access token that comes back from the API is sent with the requests that follow, so that a
// newcomer can go from tab to tab. It lives in this page's memory. Nothing is written to the
// browser's storage: documents may hold passwords, variables may hold codes.
"use strict";

(() => {
  const home = document.getElementById("ide");
  const endpoint = new URL("graphql", document.baseURI).href;

  /** The access token of whoever signed in last. */
  let accessToken = null;

  /** The first access token in an answer, wherever it is. */
  function tokenIn(value) {
    if (value === null || typeof value !== "object") return null;
    if (typeof value.accessToken === "string") return value.accessToken;
    return Object.values(value).map(tokenIn).find(Boolean) ?? null;
  }

  /** Sends a request, signed with the token unless the headers editor says otherwise. */
  async function send(url, init) {
    const headers = new Headers(init.headers);
    if (!headers.has("Accept")) headers.set("Accept", "application/graphql-response+json");
    const token = headers.has("Authorization") ? null : accessToken;
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(url, { ...init, headers });
    if (response.status === 401 && token) {
      // The token has expired, or its session was ended: nothing was done. Without it, one can sign in again.
      if (accessToken === token) accessToken = null;
      return send(url, init);
    }
    const body = await response.clone().json().catch(() => null);
    accessToken = tokenIn(body?.data) ?? accessToken;
    return response;
  }

  /** Examples are separated by empty lines; a comment `# Variables: {…}` fills the variables editor. */
  function tabsOf(examples) {
    const blocks = examples.split(/\n\s*\n/).filter((block) => /^(query|mutation|subscription)\b/m.test(block));
    return blocks.map((block) => {
      const [line, json] = /^# Variables: (.*)\n/m.exec(block) ?? ["", null];
      const variables = json === null ? null : JSON.stringify(JSON.parse(json), null, 2);
      return { query: block.replace(line, "").trim() + "\n", variables };
    });
  }

  /** What GraphiQL takes for the browser's storage, and forgets with the page. */
  function memory() {
    const items = new Map();
    return {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
      clear: () => items.clear(),
      get length() {
        return items.size;
      },
    };
  }

  async function start() {
    for (const name of ["React", "ReactDOM", "GraphiQL"]) {
      if (!window[name]) throw new Error(`${name} did not arrive`);
    }
    const response = await fetch(home.dataset.examples);
    if (!response.ok) throw new Error(`the examples answer ${response.status}`);
    const editor = React.createElement(
      GraphiQL,
      {
        fetcher: GraphiQL.createFetcher({
          url: endpoint,
          fetch: send,
          enableIncrementalDelivery: false,
          subscriptionUrl: endpoint.replace(/^http/, "ws"),
          wsConnectionParams: {
            // Asked for each time that a subscription begins.
            get authorization() {
              return accessToken ? `Bearer ${accessToken}` : undefined;
            },
          },
        }),
        defaultTabs: tabsOf(await response.text()),
        storage: memory(),
        isHeadersEditorEnabled: true,
        shouldPersistHeaders: false,
        showPersistHeadersSettings: false,
        defaultEditorToolsVisibility: "variables",
      },
      React.createElement(GraphiQL.Logo, null, "OKPay Wallet"),
    );
    ReactDOM.createRoot(home).render(editor);
  }

  start().catch((error) => {
    console.error(error);
    home.textContent = `The editor could not be loaded (${error.message}). The API is at ${endpoint} all the same.`;
  });
})();
