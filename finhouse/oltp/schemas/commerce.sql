-- The distributor's OLTP schema (ZAR, Africa/Johannesburg): what it sells, to whom and from where,
-- and what it keeps in stock. A unit is a case: goods are bought, kept and sold in cases.

create schema commerce;

create table commerce.sales_offices (
    id uuid primary key default gen_random_uuid(),
    sales_office_name varchar(80) not null unique,
    region varchar(80) not null,
    opened_on date not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table commerce.customers (
    id uuid primary key default gen_random_uuid(),
    customer_number varchar(20) not null unique,
    customer_name varchar(120) not null,
    email varchar(120),
    customer_group varchar(40) not null,
    sales_office_name varchar(80)
        references commerce.sales_offices (sales_office_name),
    is_internal boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table commerce.materials (
    id uuid primary key default gen_random_uuid(),
    material_number varchar(30) not null unique,
    description varchar(200) not null,
    is_merchandise boolean not null default true,
    unit_cost numeric(12, 4) not null check (unit_cost >= 0),
    unit_price numeric(12, 4) not null check (unit_price >= 0),
    lead_time_days integer not null default 0 check (lead_time_days >= 0),
    review_period_days integer not null default 0 check (review_period_days >= 0),
    ordering_cost numeric(12, 2) not null default 0 check (ordering_cost >= 0),
    storage_cost_pct numeric(6, 4) not null default 0 check (storage_cost_pct >= 0),
    service_level_pct numeric(12, 10) not null default 0.95
        check (service_level_pct between 0 and 1),
    min_order_cases numeric(12, 3) not null default 0 check (min_order_cases >= 0),
    shortage_cost numeric(12, 2) not null default 0 check (shortage_cost >= 0),
    obsolete_after_days integer not null default 180 check (obsolete_after_days > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- A line that takes something back is negative. Types are free text that several services write:
-- mixed case and padding occur.
create table commerce.sales_order_lines (
    id uuid primary key default gen_random_uuid(),
    order_number varchar(20) not null,
    line integer not null check (line > 0),
    line_type varchar(20) not null default 'SALE'
        check (upper(trim(line_type)) in ('SALE', 'RETURN', 'CANCELLATION')),
    reverses_line uuid references commerce.sales_order_lines (id),
    customer varchar(20) references commerce.customers (customer_number),
    material_number varchar(30) not null
        references commerce.materials (material_number),
    sales_office_name varchar(80) not null
        references commerce.sales_offices (sales_office_name),
    posting_date date not null,
    ordered_cases numeric(14, 3) not null,
    inv_quantity_cases numeric(14, 3) not null,
    net_sales numeric(15, 4) not null,
    total_cogs numeric(15, 4) not null,
    gross_margin numeric(15, 4) not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (order_number, line),
    check (gross_margin = net_sales - total_cogs)
);
create index sales_order_lines_posting_date on commerce.sales_order_lines (posting_date);
create index sales_order_lines_customer on commerce.sales_order_lines (customer);
create index sales_order_lines_material on commerce.sales_order_lines (material_number);
create index sales_order_lines_reverses on commerce.sales_order_lines (reverses_line);

create table commerce.purchase_orders (
    id uuid primary key default gen_random_uuid(),
    purchase_order_number varchar(20) not null unique,
    material_number varchar(30) not null
        references commerce.materials (material_number),
    sales_office_name varchar(80) not null
        references commerce.sales_offices (sales_office_name),
    ordered_on date not null,
    received_on date check (received_on >= ordered_on),
    quantity numeric(14, 3) not null check (quantity > 0),
    unit_cost numeric(12, 4) not null check (unit_cost >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index purchase_orders_material on commerce.purchase_orders (material_number);

create table commerce.stock_levels (
    id uuid primary key default gen_random_uuid(),
    day date not null,
    material_number varchar(30) not null
        references commerce.materials (material_number),
    sales_office_name varchar(80) not null
        references commerce.sales_offices (sales_office_name),
    on_hand_units numeric(14, 3) not null check (on_hand_units >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (material_number, sales_office_name, day)
);

create table commerce.stock_counts (
    id uuid primary key default gen_random_uuid(),
    counted_on date not null,
    material_number varchar(30) not null
        references commerce.materials (material_number),
    sales_office_name varchar(80) not null
        references commerce.sales_offices (sales_office_name),
    counted_units numeric(14, 3) not null check (counted_units >= 0),
    system_units numeric(14, 3) not null check (system_units >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (material_number, sales_office_name, counted_on)
);

comment on schema commerce is
    'A distributor: orders and returns by sales office, and its stock. Amounts in ZAR.';
comment on table commerce.sales_offices is
    'One row per sales office, each with its own warehouse.';
comment on column commerce.sales_offices.sales_office_name is 'Name of the office; it has no other.';
comment on column commerce.sales_offices.region is 'Province the office is in.';
comment on column commerce.sales_offices.opened_on is 'Day from which it sells.';
comment on table commerce.customers is 'One row per account that may order.';
comment on column commerce.customers.customer_number is 'Number of the account, as orders have it.';
comment on column commerce.customers.customer_name is 'Name of the business.';
comment on column commerce.customers.customer_group is
    'Kind of business: retail, wholesale, hospitality or internal.';
comment on column commerce.customers.is_internal is
    'True for the company''s own shops and departments: goods leave, but nothing is sold.';
comment on table commerce.materials is
    'One row per material: goods, and charges that are no goods.';
comment on column commerce.materials.material_number is 'Number of the material (SKU).';
comment on column commerce.materials.description is 'What the material is, in words.';
comment on column commerce.materials.is_merchandise is
    'False for postage, bad debt and other lines that are no goods.';
comment on column commerce.materials.unit_cost is 'Cost of one unit, a case.';
comment on column commerce.materials.unit_price is 'List price of one unit, a case.';
comment on column commerce.materials.lead_time_days is
    'Days from an order to the supplier until it is received, as agreed.';
comment on column commerce.materials.review_period_days is
    'Days between two looks at the stock; 0 where it is watched all the time.';
comment on column commerce.materials.ordering_cost is 'Cost of placing one order.';
comment on column commerce.materials.storage_cost_pct is
    'Cost of keeping one unit for a year, as a fraction of its cost: 0.2 is 20 %.';
comment on column commerce.materials.service_level_pct is
    'Probability that an order cycle ends without a stock-out, as a fraction.';
comment on column commerce.materials.min_order_cases is
    'Least quantity the supplier delivers, in cases.';
comment on column commerce.materials.shortage_cost is
    'What a case costs that is ordered and not there.';
comment on column commerce.materials.obsolete_after_days is
    'Days without a shipment after which the stock counts as obsolete.';
comment on table commerce.sales_order_lines is
    'One row per line of an order as it is invoiced: a sale, a return or a cancellation.';
comment on column commerce.sales_order_lines.order_number is 'Number of the order.';
comment on column commerce.sales_order_lines.line is 'Number of the line in its order.';
comment on column commerce.sales_order_lines.line_type is 'SALE, RETURN or CANCELLATION.';
comment on column commerce.sales_order_lines.reverses_line is
    'Line that this one takes back; null for a sale, and where nobody has said which.';
comment on column commerce.sales_order_lines.customer is
    'Account that ordered; null for a sale over the counter.';
comment on column commerce.sales_order_lines.posting_date is 'Day on which the line counts.';
comment on column commerce.sales_order_lines.ordered_cases is
    'Cases ordered; of a cancellation negative, of a return 0, as nothing was ordered.';
comment on column commerce.sales_order_lines.inv_quantity_cases is
    'Cases that left the warehouse, as invoiced; negative where they come back.';
comment on column commerce.sales_order_lines.net_sales is
    'Amount invoiced, after discounts and before tax; negative where it is taken back.';
comment on column commerce.sales_order_lines.total_cogs is 'Cost of the goods of the line.';
comment on column commerce.sales_order_lines.gross_margin is 'Net sales less cost of the goods.';
comment on table commerce.purchase_orders is
    'One row per order to a supplier: one material for one warehouse.';
comment on column commerce.purchase_orders.purchase_order_number is 'Number of the order.';
comment on column commerce.purchase_orders.ordered_on is 'Day on which it was placed.';
comment on column commerce.purchase_orders.received_on is
    'Day on which the goods came; null while they are on their way.';
comment on column commerce.purchase_orders.quantity is 'Units ordered.';
comment on column commerce.purchase_orders.unit_cost is 'Price of one unit of this order.';
comment on table commerce.stock_levels is
    'One row per material, warehouse and day: the stock at the end of the day. A day that the '
    'warehouse system missed is not there.';
comment on column commerce.stock_levels.day is 'Day at the end of which the stock was read.';
comment on column commerce.stock_levels.on_hand_units is 'Units in the warehouse.';
comment on table commerce.stock_counts is
    'One row per count of a material in a warehouse: as counted, and as the system had it.';
comment on column commerce.stock_counts.counted_on is 'Day of the count.';
comment on column commerce.stock_counts.counted_units is 'Units found.';
comment on column commerce.stock_counts.system_units is 'Units the system had before the count.';
