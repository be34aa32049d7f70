import { apiClient } from "@entrepot/api/client";
import { expect, onTestFinished, test } from "vitest";
import { testServer } from "../testing.ts";

test("an endpoint being edited is tried with its own secret, at its own address only", async () => {
  const server = await testServer({ workers: 0 });
  onTestFinished(() => server.close());
  const { registries } = apiClient(server);
  const { username, password } = server.credential;
  const credential = { type: "basic", access_key: username, access_secret: password };
  const body = { name: "itself", type: "entrepot", url: server.url, credential };
  const id = Number((await registries.create({ body })).created);

  await registries.ping({ body: { id, url: server.url, insecure: true } });
  const elsewhere = server.url.replace("127.0.0.1", "localhost");
  await expect(registries.ping({ body: { id, url: elsewhere } })).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
  await registries.ping({ body: { id, url: elsewhere, access_secret: password } });
});
