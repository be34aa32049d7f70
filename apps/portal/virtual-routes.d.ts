declare module "virtual:routes" {
  const table: import("@entrepot/api/client-of").RouteTable;
  export default table;
}
