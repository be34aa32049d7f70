import { expect, test } from "vitest";
import { firstCommands } from "./first-commands.ts";

test("the first push names this server, and says where it is without TLS", () => {
  const { docker, skopeo } = firstCommands(
    { host: "registry.example", protocol: "https:" },
    "team",
    "mia",
  );
  expect(docker.at(0)).toBe("docker login registry.example -u mia");
  expect(docker.at(-1)).toBe("docker push registry.example/team/alpine:latest");
  expect(skopeo.join(" ")).not.toContain("tls-verify");

  const plain = firstCommands({ host: "127.0.0.1:5050", protocol: "http:" }, "library", "admin");
  expect(plain.skopeo[0]).toBe("skopeo login 127.0.0.1:5050 -u admin --tls-verify=false");
  expect(plain.skopeo[1]).toContain("docker://127.0.0.1:5050/library/alpine:latest");
});
