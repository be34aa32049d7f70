/** Where a command is to be run against. */
export interface CommandsFor {
  /** The server, as `host:port`. */
  readonly host: string;
  /** Whether it is reached without TLS, which tools have to be told. */
  readonly plain?: boolean;
  /** `project/repository`. */
  readonly repository: string;
}

/** Commands of one tool. */
export interface ToolCommands {
  readonly tool: string;
  readonly commands: readonly string[];
}

const onlyIf = (condition: boolean | undefined, flag: string) => (condition ? `${flag} ` : "");

/** How an artifact of `type` (Harbor's word) is fetched by tag or digest, fitting tools first. */
export function pullCommands(
  { host, plain, repository }: CommandsFor,
  reference: string,
  type: string,
): ToolCommands[] {
  const isDigest = reference.includes(":");
  const name = `${host}/${repository}${isDigest ? "@" : ":"}${reference}`;
  const chart = isDigest
    ? `oci://${name}`
    : `oci://${host}/${repository} --version ${reference.replaceAll("_", "+")}`;
  const helm = {
    tool: "helm",
    commands: [
      `helm pull ${onlyIf(plain, "--plain-http")}${chart}`,
      `helm install my-release ${onlyIf(plain, "--plain-http")}${chart}`,
    ],
  };
  const oras = { tool: "oras", commands: [`oras pull ${onlyIf(plain, "--plain-http")}${name}`] };
  const skopeo = {
    tool: "skopeo",
    commands: [`skopeo copy ${onlyIf(plain, "--src-tls-verify=false")}docker://${name} oci:copy`],
  };
  if (type === "CHART") return [helm, oras, skopeo];
  if (type !== "IMAGE") return [oras, skopeo];
  return [
    { tool: "docker", commands: [`docker pull ${name}`] },
    { tool: "podman", commands: [`podman pull ${onlyIf(plain, "--tls-verify=false")}${name}`] },
    {
      tool: "containerd",
      commands: [
        `nerdctl pull ${onlyIf(plain, "--insecure-registry")}${name}`,
        `ctr images pull ${onlyIf(plain, "--plain-http")}${name}`,
      ],
    },
    skopeo,
    oras,
  ];
}

/** How a first image is pushed to `repository`, by `person`. */
export function pushCommands({
  host,
  repository,
  person,
}: CommandsFor & { readonly person: string }): string[] {
  return [
    `docker login ${host} -u ${shellWord(person)}`,
    `docker tag my-image:latest ${host}/${repository}:latest`,
    `docker push ${host}/${repository}:latest`,
  ];
}

/** The same for a chart and for any other files. */
export function pushOthers({ host, plain, repository }: CommandsFor): ToolCommands[] {
  const above = `oci://${host}/${repository.slice(0, repository.lastIndexOf("/"))}`;
  return [
    {
      tool: "helm",
      commands: [`helm push my-chart-0.1.0.tgz ${onlyIf(plain, "--plain-http")}${above}`],
    },
    {
      tool: "oras",
      commands: [
        `oras push ${onlyIf(plain, "--plain-http")}${host}/${repository}:latest notes.txt`,
      ],
    },
  ];
}

/** `text` as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w.@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
