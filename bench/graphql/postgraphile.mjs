// PostGraphile on the database at DATABASE_URL, on PORT of 127.0.0.1: what its documentation has for production, the amber preset,
// as many connections as the other servers have, and what the tables do not tell by themselves: that customers of documents are
// accounts. Nothing is signed in, nothing is limited.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { jsonPgSmartTags } from "postgraphile/utils";

const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      customer_account: {
        tags: {
          primaryKey: "organization_id,finance_organization_id,remote_id",
          foreignKey: "(organization_id,record_id) references account (organization_id,id)|@fieldName account",
        },
      },
      document: {
        tags: {
          foreignKey:
            "(organization_id,finance_organization_id,customer_id) references customer_account (organization_id,finance_organization_id,remote_id)|@fieldName customer",
        },
        // No index begins with it, so it could not be asked for; that what is gone is left out is part of the question.
        attribute: { deleted_at: { tags: { behavior: "+attribute:filterBy" } } },
      },
    },
    constraint: {
      fk_document_deal_id: { tags: { foreignFieldName: "transactions" } },
      fk_deal_account_id: { tags: { fieldName: "account" } },
      fk_deal_stage_id: { tags: { fieldName: "stage" } },
    },
  },
});

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  pgServices: [
    makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["public"], poolConfig: { max: Number(process.env.POOL) } }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { explain: false },
};

const instance = postgraphile(preset);
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await instance.createServ(grafserv).addTo(server);
await instance.getSchema();
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
