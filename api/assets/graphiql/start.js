// Shows GraphiQL with the tabs and headers that the server put into the page.
(() => {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const headers = JSON.stringify({ Authorization: settings.authorization }, null, 2);
  const fetcher = GraphiQL.createFetcher({ url: "/graphql" });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultEditorToolsVisibility: "headers",
      defaultTabs: settings.queries.map((query) => ({ query, headers })),
      headers,
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
    }),
  );
})();
