// Shows GraphiQL with the tabs and headers that the server put into the page.
(() => {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const headers = JSON.stringify({ Authorization: settings.authorization }, null, 2);
  const plain = GraphiQL.createFetcher({ url: "/graphql" });

  // Subscriptions come as Server-Sent Events, which go on over the same request and take the same headers.
  async function* stream(params, sent) {
    const stop = new AbortController();
    try {
      const answer = await fetch("/graphql", {
        method: "POST",
        headers: { ...sent, "Content-Type": "application/json", Accept: "text/event-stream" },
        body: JSON.stringify(params),
        signal: stop.signal,
      });
      if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
        yield await answer.json();
        return;
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const lines = event.split("\n");
          if (lines.includes("event: complete")) return;
          const data = lines.find((line) => line.startsWith("data: "));
          if (data) yield JSON.parse(data.slice("data: ".length));
        }
      }
    } finally {
      stop.abort();
    }
  }

  const isSubscription = ({ operationName }, { documentAST } = {}) =>
    (documentAST?.definitions ?? []).some(
      ({ kind, operation, name }) =>
        kind === "OperationDefinition" &&
        operation === "subscription" &&
        (!operationName || name?.value === operationName),
    );

  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {
      fetcher: (params, options) =>
        isSubscription(params, options) ? stream(params, options.headers) : plain(params, options),
      defaultEditorToolsVisibility: "headers",
      defaultTabs: settings.queries.map((query) => ({ query, headers })),
      headers,
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
    }),
  );
})();
