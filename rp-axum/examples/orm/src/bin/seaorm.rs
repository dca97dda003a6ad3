//! The shop with SeaORM, whose pool is that of the passkeys:
//! `cargo run --bin seaorm -- postgres://rp@localhost/shop`.

#[path = "../../../support/customers.rs"]
mod support;

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use rp_axum::store::PostgresStore;
use rp_axum::{App, CurrentUser, Secret};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, Database,
    DatabaseConnection, DbErr, EntityTrait as _, ModelTrait as _, QueryFilter as _, QueryOrder as _,
};

mod customer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub email: String,
        pub full_name: String,
        pub passkey_handle: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::purchase::Entity")]
        Purchase,
    }

    impl Related<super::purchase::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Purchase.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod purchase {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub customer: i64,
        pub text: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::Customer",
            to = "super::customer::Column::Id"
        )]
        Customer,
    }

    impl Related<super::customer::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Customer.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn shop(url: &str, secret: Secret) -> Result<App, Box<dyn Error>> {
    let database = Database::connect(url).await?;
    database.execute_unprepared(support::SCHEMA).await?;
    let pool = database.get_postgres_connection_pool().clone();
    let passkeys = support::passkeys(PostgresStore::from_pool(pool).await?, secret).await?;
    let routes = Router::new().route("/orders", get(orders).post(order)).with_state(database);
    Ok(rp_axum::mount(routes, &passkeys))
}

/// The row of the signed-in user.
async fn customer(database: &DatabaseConnection, current: &CurrentUser) -> Result<customer::Model, Failure> {
    let found = customer::Entity::find()
        .filter(customer::Column::PasskeyHandle.eq(current.user.handle.as_bytes()))
        .one(database)
        .await?;
    found.ok_or(StatusCode::NOT_FOUND.into())
}

async fn orders(
    current: CurrentUser,
    State(database): State<DatabaseConnection>,
) -> Result<Json<Vec<String>>, Failure> {
    let customer = customer(&database, &current).await?;
    let orders = customer.find_related(purchase::Entity).order_by_asc(purchase::Column::Id).all(&database).await?;
    Ok(Json(orders.into_iter().map(|order| order.text).collect()))
}

async fn order(
    current: CurrentUser,
    State(database): State<DatabaseConnection>,
    text: String,
) -> Result<StatusCode, Failure> {
    let customer = Set(customer(&database, &current).await?.id);
    purchase::ActiveModel { customer, text: Set(text), ..Default::default() }.insert(&database).await?;
    Ok(StatusCode::CREATED)
}

/// The status of a failed request.
struct Failure(StatusCode);

impl From<StatusCode> for Failure {
    fn from(status: StatusCode) -> Self {
        Self(status)
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        eprintln!("{error}");
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: seaorm postgres://USER@HOST/DATABASE")?;
    let app = shop(&url, Secret::file("customers.secret")?).await?;
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
#[path = "../../../support/customers_test.rs"]
mod tests;

#[cfg(test)]
#[tokio::test]
async fn customers_of_seaorm_sign_up_with_passkeys() {
    tests::check(async |url| shop(&url, Secret::from([7; 32])).await.unwrap()).await;
}
