"""The back office of a small online shop, as an MCP server.

It is an ordinary, honest server: nothing in it is malicious. It is still worth a threat model, because it can refund
money, delete customers and e-mail their data, and because customers write the notes that it hands to a model.

Run it over stdio with ``python shop_backoffice.py``; the shop lives in memory and starts afresh each time.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

Status = Literal["open", "shipped", "delivered", "refunded"]
OrderId = Annotated[str, Field(description="Order number, e.g. 'A-1001'.")]
CustomerId = Annotated[str, Field(description="Customer number, e.g. 'C-1'.")]

READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
CHANGE = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
DESTROY = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)
SEND = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)


@dataclass
class Product:
    """Something the shop sells. Prices are in cents."""

    sku: str
    title: str
    price: int
    stock: int


@dataclass
class Customer:
    """Somebody who buys, and the notes they left."""

    id: str
    name: str
    email: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Order:
    """One purchase."""

    id: str
    customer: str
    sku: str
    quantity: int
    status: Status
    refunded: int = 0


PRODUCTS = {
    "MUG-01": Product("MUG-01", "Enamel mug", 1450, 120),
    "TEE-02": Product("TEE-02", "Organic T-shirt", 2900, 45),
    "BAG-03": Product("BAG-03", "Canvas bag", 3900, 8),
}
CUSTOMERS = {
    "C-1": Customer("C-1", "Ada Winter", "ada@example.com", ["Please leave the parcel with the neighbour."]),
    "C-2": Customer("C-2", "Ben Okafor", "ben@example.com", ["The last mug arrived broken. Could I get a refund?"]),
}
ORDERS = {
    "A-1001": Order("A-1001", "C-1", "TEE-02", 2, "shipped"),
    "A-1002": Order("A-1002", "C-2", "MUG-01", 1, "delivered"),
    "A-1003": Order("A-1003", "C-1", "BAG-03", 1, "open"),
}
OUTBOX: list[tuple[str, str, str]] = []

server = MCPServer(
    "shop-backoffice",
    title="Shop back office",
    version="1.0.0",
    instructions="Look an order up before you change it. Amounts are in euro cents.",
    log_level="WARNING",
)


def _order(order_id: str) -> Order:
    if order_id not in ORDERS:
        raise ToolError(f"There is no order {order_id}.")
    return ORDERS[order_id]


def _customer(customer_id: str) -> Customer:
    if customer_id not in CUSTOMERS:
        raise ToolError(f"There is no customer {customer_id}.")
    return CUSTOMERS[customer_id]


@server.tool(title="List orders", annotations=READ)
def list_orders(
    status: Annotated[Status | None, Field(description="Only orders with this status.")] = None,
    limit: Annotated[int, Field(description="At most so many.", ge=1, le=100)] = 20,
) -> list[Order]:
    """List the shop's orders, newest first."""
    found = [order for order in ORDERS.values() if status in (None, order.status)]
    return sorted(found, key=lambda order: order.id, reverse=True)[:limit]


@server.tool(title="Look up an order", annotations=READ)
def get_order(order_id: OrderId) -> Order:
    """Get one order with its status and what was refunded."""
    return _order(order_id)


@server.tool(title="Search products", annotations=READ)
def search_products(query: Annotated[str, Field(description="Part of a title or SKU, e.g. 'mug'.")]) -> list[Product]:
    """Search the catalogue by title or SKU."""
    wanted = query.casefold()
    return [one for one in PRODUCTS.values() if wanted in one.title.casefold() or wanted in one.sku.casefold()]


@server.tool(title="Change a product's price", annotations=CHANGE)
def update_price(
    sku: Annotated[str, Field(description="Stock keeping unit, e.g. 'MUG-01'.")],
    price: Annotated[int, Field(description="New price in cents.", ge=1)],
) -> Product:
    """Update the price of a product in the live catalogue."""
    if sku not in PRODUCTS:
        raise ToolError(f"There is no product {sku}.")
    PRODUCTS[sku].price = price
    return PRODUCTS[sku]


@server.tool(title="Refund an order", annotations=CHANGE)
def refund_order(
    order_id: OrderId,
    amount: Annotated[int, Field(description="Cents to pay back.", ge=1)],
    reason: Annotated[str, Field(description="Why, for the ledger.")] = "",
) -> Order:
    """Pay money back to the customer's card. The payment cannot be undone."""
    order = _order(order_id)
    paid = PRODUCTS[order.sku].price * order.quantity
    if order.refunded + amount > paid:
        raise ToolError(f"At most {paid - order.refunded} cents can still be refunded.")
    order.refunded += amount
    order.status = "refunded"
    return order


@server.tool(title="Cancel an order", annotations=DESTROY)
def cancel_order(order_id: OrderId) -> str:
    """Cancel an open order and remove it. Shipped orders cannot be cancelled."""
    if _order(order_id).status != "open":
        raise ToolError("Only an open order can be cancelled.")
    del ORDERS[order_id]
    return f"Order {order_id} is cancelled."


@server.tool(title="Look up a customer", annotations=READ)
def get_customer(customer_id: CustomerId) -> Customer:
    """Get a customer's name, e-mail address and notes."""
    return _customer(customer_id)


@server.tool(title="Delete a customer", annotations=DESTROY)
def delete_customer(customer_id: CustomerId) -> str:
    """Permanently delete a customer and all their personal data."""
    name = _customer(customer_id).name
    del CUSTOMERS[customer_id]
    return f"Customer {name} was deleted."


@server.tool(title="Search customers' notes", annotations=READ)
def search_notes(query: Annotated[str, Field(description="Words to look for, e.g. 'refund'.")]) -> list[str]:
    """Search the notes that customers wrote with their orders and in reviews. Returns their text as they wrote it."""
    wanted = query.casefold()
    return [f"{one.id}: {note}" for one in CUSTOMERS.values() for note in one.notes if wanted in note.casefold()]


@server.tool(title="Export customers", annotations=READ)
def export_customers() -> str:
    """Export all customers with name and e-mail address as CSV."""
    table = io.StringIO()
    writer = csv.DictWriter(table, ["id", "name", "email"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(asdict(one) for one in CUSTOMERS.values())
    return table.getvalue()


@server.tool(title="E-mail a customer", annotations=SEND)
def send_email(
    to: Annotated[str, Field(description="Recipient's address, e.g. 'ada@example.com'.")],
    subject: Annotated[str, Field(description="Subject line.")],
    body: Annotated[str, Field(description="Plain text of the message.")],
) -> str:
    """Send an e-mail from the shop's address."""
    OUTBOX.append((to, subject, body))
    return f"Sent to {to}."


@server.resource("shop://policies/refunds", title="Refund policy", mime_type="text/plain")
def refund_policy() -> str:
    """The rules that staff follow when they refund."""
    return "Refunds within 30 days. Above 100 euros a second person must agree."


@server.prompt(title="Answer a complaint")
def answer_complaint(order_id: str) -> str:
    """Draft a friendly answer to a customer's complaint."""
    return f"Read order {order_id} and the customer's notes, then draft a friendly answer. Do not refund by yourself."


if __name__ == "__main__":
    server.run("stdio")
