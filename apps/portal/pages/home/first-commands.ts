/** Where the registry is, as a browser sees it. */
export interface Place {
  /** `registry.example:5050`. */
  readonly host: string;
  /** `https:` or `http:`. */
  readonly protocol: string;
}

/** Commands that push a first image to `project`, one group after the other, as `person`. */
export function firstCommands({ host, protocol }: Place, project: string, person: string) {
  const plain = protocol === "http:";
  return {
    docker: [
      `docker login ${host} -u ${person}`,
      "docker pull alpine:latest",
      `docker tag alpine:latest ${host}/${project}/alpine:latest`,
      `docker push ${host}/${project}/alpine:latest`,
    ],
    skopeo: [
      `skopeo login ${host} -u ${person}${plain ? " --tls-verify=false" : ""}`,
      `skopeo copy --all${plain ? " --dest-tls-verify=false" : ""} ` +
        `docker://docker.io/library/alpine:latest docker://${host}/${project}/alpine:latest`,
    ],
  };
}
